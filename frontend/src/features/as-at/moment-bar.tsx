"use client";
import { shortDay } from "@/lib/time";
import type { Series, Site } from "@/lib/wire";
import { Button } from "@/ui/button";
import { asAtWords } from "@/words/as-at";
import { useWords } from "@/words/use-words";
import { type Asked, fromPicker, nineOf, pickerValue } from "./moment";

const HOUR_MS = 3_600_000;

interface Props {
  choices: readonly Series[];
  sites: readonly Site[];
  series: Series;
  asked: Asked;
  atMs: number;
  nowMs: number;
  ask: (change: Partial<Asked>) => void;
}

/** Which series, and as at when. */
export function MomentBar({ choices, sites, series, asked, atMs, nowMs, ask }: Props) {
  const words = useWords(asAtWords);
  const go = (ms: number) => ask({ atMs: ms >= nowMs ? null : ms });
  const field = "min-h-8 rounded-md border border-line bg-surface px-2 py-1 text-sm";
  return (
    <div className="card flex flex-wrap items-end gap-x-5 gap-y-3 p-3" data-testid="moment-bar">
      <label className="flex min-w-0 max-w-full flex-col gap-1">
        <span className="label">{words.series}</span>
        <select
          className={`${field} max-w-full`}
          data-testid="series"
          onChange={(event) => ask({ series: event.target.value, targetMs: null })}
          value={series.series_id}
        >
          {sites.map((site) => {
            const own = choices.filter((one) => one.site_id === site.site_id);
            return own.length === 0 ? null : (
              <optgroup key={site.site_id} label={site.name}>
                {own.map((one) => (
                  <option key={one.series_id} value={one.series_id}>
                    {site.name}: {one.name}
                  </option>
                ))}
              </optgroup>
            );
          })}
        </select>
      </label>
      <div className="flex flex-wrap items-end gap-1.5">
        <Button onClick={() => go(atMs - HOUR_MS)} title={`${words.back} ([)`}>
          −1 h
        </Button>
        <label className="flex flex-col gap-1">
          <span className="label">{words.moment}</span>
          <input
            className={field}
            data-testid="moment"
            max={pickerValue(nowMs)}
            onChange={(event) => {
              const ms = fromPicker(event.target.value);
              if (ms !== null) go(ms);
            }}
            step={60}
            type="datetime-local"
            value={pickerValue(atMs)}
          />
        </label>
        <Button
          disabled={asked.atMs === null}
          onClick={() => go(atMs + HOUR_MS)}
          title={`${words.forth} (])`}
        >
          +1 h
        </Button>
        <Button onClick={() => go(nineOf(atMs, nowMs))} title={words.nineTitle}>
          {words.nine}
        </Button>
        <Button
          aria-pressed={asked.atMs === null}
          look={asked.atMs === null ? "main" : "plain"}
          onClick={() => ask({ atMs: null })}
        >
          {words.now}
        </Button>
      </div>
      <p className="pb-1.5 text-muted text-xs">{shortDay(atMs, "UTC")}</p>
    </div>
  );
}
