"use client";
import { useCallback, useMemo } from "react";
import { ApiProblem, getAll, getJson } from "@/lib/api";
import { clockTimeSeconds, dayAndTime, duration } from "@/lib/time";
import { formatNumber } from "@/lib/units";
import { useAddress } from "@/lib/use-address";
import { usePolled } from "@/lib/use-polled";
import { Choice } from "@/ui/choice";
import type { Column } from "@/ui/column";
import { ExportButtons } from "@/ui/export-buttons";
import { Panel } from "@/ui/panel";
import { kindOf, State } from "@/ui/state";
import { pipelineWords } from "@/words/pipeline";
import { useWords } from "@/words/use-words";
import { type Hop, hopsOf, wholeS } from "./hops";
import { MessageHop, ReadingTrail, RunTrail, SeriesInputs } from "./wire";

const loadSeries = async (signal: AbortSignal) =>
  (await getAll("/api/v1/series?limit=500", SeriesInputs, signal)).kept;

/** A 404 of one stage is a hop that is not known, not a failure of the page. */
async function orNothing<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ApiProblem && (error.status === 404 || error.status >= 500)) return null;
    throw error;
  }
}

async function loadHops(series: SeriesInputs, signal: AbortSignal): Promise<Hop[]> {
  const input = series.inputs[0];
  if (!input) return [];
  const about = `device_id=${encodeURIComponent(input.device_id)}`;
  const named = `series_id=${encodeURIComponent(series.series_id)}`;
  const newest = await getJson(
    `/api/v1/stream/trail?${about}&quantity=${input.quantity}&${named}`,
    ReadingTrail,
    signal,
  );
  // The newest reading is hardly ever sealed yet: the one of two windows before is shown to its block.
  const backMs = 2 * Math.max(series.resolution_s, 900) * 1_000;
  const at = new Date(Date.parse(newest.reading.period_start) - backMs).toISOString();
  const older = `/api/v1/stream/trail?${about}&quantity=${input.quantity}&${named}&period_start=${at}`;
  const stream = (await orNothing(getJson(older, ReadingTrail, signal))) ?? newest;
  const widthMs = series.resolution_s * 1_000;
  const endMs = (Math.floor(Date.parse(stream.reading.period_start) / widthMs) + 1) * widthMs;
  const ended = new Date(endMs).toISOString();
  const [message, run] = await Promise.all([
    orNothing(
      getJson(`/api/v1/gateway/trail?${about}&sent_at_ms=${stream.reading.sent_at_ms}`, MessageHop, signal),
    ),
    orNothing(getJson(`/api/v1/trails/windows?${named}&ended_by=${ended}`, RunTrail, signal)),
  ]);
  return hopsOf(stream, message, run, series.resolution_s);
}

/** One message from its device to the block that seals what was forecast from it, with the time of each hop. */
export function Journey() {
  const words = useWords(pipelineWords);
  const t = words.journey;
  const all = usePolled(loadSeries, 60_000);
  const [asked, choose] = useAddress("series", "");
  const known = useMemo(() => (all.data ?? []).filter((one) => one.inputs.length > 0), [all.data]);
  const series = known.find((one) => one.series_id === asked) ?? known[0] ?? null;
  const load = useCallback(
    async (signal: AbortSignal) => ({
      id: series?.series_id,
      hops: series ? await loadHops(series, signal) : [],
    }),
    [series],
  );
  const polled = usePolled(load, 15_000, series !== null);
  const hops = polled.data && polled.data.id === series?.series_id ? polled.data.hops : null;
  const problem = polled.problem ?? all.problem;
  return (
    <Panel
      actions={
        series ? (
          <Choice
            label={t.series}
            onChoose={choose}
            options={known.map((one) => ({ value: one.series_id, name: one.series_id }))}
            value={series.series_id}
          />
        ) : null
      }
      testId="journey"
      title={t.title}
    >
      {hops === null || hops.length === 0 ? (
        problem ? (
          problem.status === 404 ? (
            <State kind="first-run" title={t.first.title}>
              {t.first.text}
            </State>
          ) : (
            <State kind={kindOf(problem)} problem={problem} />
          )
        ) : all.data && series === null ? (
          <State kind="empty" title={t.none} />
        ) : (
          <State kind="loading" />
        )
      ) : (
        <Hops hops={hops} />
      )}
    </Panel>
  );
}

function Hops({ hops }: { hops: readonly Hop[] }) {
  const t = useWords(pipelineWords).journey;
  const whole = wholeS(hops);
  const longest = Math.max(...hops.map((hop) => hop.afterS ?? 0), 0.001);
  const missing = hops.filter((hop) => hop.wallMs === null && hop.domainMs === null).length;
  const columns = useMemo(
    (): Column<Hop>[] => [
      { key: "hop", name: t.hop, value: (h) => h.key },
      {
        key: "wall_time",
        name: t.wall,
        value: (h) => (h.wallMs === null ? null : new Date(h.wallMs).toISOString()),
      },
      { key: "after_s", name: t.after, numeric: true, value: (h) => h.afterS },
      {
        key: "domain_time",
        name: t.domain,
        value: (h) => (h.domainMs === null ? null : new Date(h.domainMs).toISOString()),
      },
      { key: "facts", name: t.facts, value: (h) => h.facts.join(", ") },
    ],
    [t],
  );
  return (
    <>
      {missing > 0 ? (
        <div className="mb-2">
          <State kind="partial" title={t.partial(missing)}>
            {t.partialText}
          </State>
        </div>
      ) : null}
      <div className="overflow-x-auto">
        <table className="w-full border-collapse text-xs" data-testid="hops">
          <caption className="sr-only">{t.title}</caption>
          <thead>
            <tr className="text-left text-muted">
              <th className="py-1 pr-3 font-medium" scope="col">
                {t.hop}
              </th>
              <th className="py-1 pr-3 font-medium" scope="col">
                {t.wall}
              </th>
              <th className="py-1 pr-3 font-medium" scope="col">
                {t.after}
              </th>
              <th className="py-1 pr-3 font-medium" scope="col">
                {t.domain}
              </th>
              <th className="py-1 font-medium" scope="col">
                {t.facts}
              </th>
            </tr>
          </thead>
          <tbody>
            {hops.map((hop) => (
              <tr className="border-line border-t align-top" data-hop={hop.key} key={hop.key}>
                <th className="whitespace-nowrap py-1.5 pr-3 text-left font-medium" scope="row">
                  {t.names[hop.key]}
                </th>
                <td className="whitespace-nowrap py-1.5 pr-3">
                  {hop.wallMs === null ? (
                    <span className="text-muted">{hop.key === "block" ? "—" : t.unknown}</span>
                  ) : (
                    wall(hop.wallMs)
                  )}
                </td>
                <td className="whitespace-nowrap py-1.5 pr-3">
                  {hop.afterS === null ? (
                    ""
                  ) : (
                    <span className="flex items-center gap-2">
                      <span
                        aria-hidden="true"
                        className="block h-1.5 rounded-full bg-accent"
                        style={{ width: `${Math.max(2, (Math.max(0, hop.afterS) / longest) * 64)}px` }}
                      />
                      {seconds(hop.afterS)}
                    </span>
                  )}
                </td>
                <td className="whitespace-nowrap py-1.5 pr-3 text-muted">
                  {hop.domainMs === null ? "" : `${dayAndTime(hop.domainMs, "UTC")} UTC`}
                </td>
                <td className="py-1.5 text-muted">{hop.facts.join(" · ")}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div className="mt-2 flex flex-wrap items-center justify-between gap-2 text-2xs text-muted">
        <span>
          {whole === null ? "" : t.whole(duration(whole))} {t.note}
        </span>
        <ExportButtons columns={columns} file="hops" rows={hops} />
      </div>
    </>
  );
}

const wall = (ms: number) => `${clockTimeSeconds(ms, "UTC")}.${String(ms % 1_000).padStart(3, "0")}`;
const seconds = (s: number) =>
  Math.abs(s) < 60 ? `${s >= 0 ? "+" : ""}${formatNumber(s, 3)} s` : `+${duration(s)}`;
