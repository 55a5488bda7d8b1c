"use client";
import { useCallback, useRef } from "react";
import { unitInName } from "@/features/forecast/fan-columns";
import { getJson } from "@/lib/api";
import { dayAndTime, duration, period } from "@/lib/time";
import { formatValue, type Scale, scaleFor } from "@/lib/units";
import { usePolled } from "@/lib/use-polled";
import { useWidth } from "@/lib/use-width";
import type { Column } from "@/ui/column";
import { Figure } from "@/ui/figure";
import { Panel } from "@/ui/panel";
import { kindOf, State } from "@/ui/state";
import { asAtWords } from "@/words/as-at";
import { useWords } from "@/words/use-words";
import { Axes } from "./axes";
import { type Asked, minute } from "./moment";
import { planeOf, withZero } from "./plot";
import { type BeliefsAt, type Revision, RevisionList } from "./wire";

const HEIGHT = 208;

interface Props {
  beliefs: BeliefsAt;
  asked: Asked;
  ask: (change: Partial<Asked>) => void;
}

const at = (revision: Revision, bps: number) => {
  const column = revision.levels_bps.indexOf(bps);
  return column < 0 ? null : (revision.values_milli[column] ?? null);
};

/** How the view of one period came about, run by run, beside what was measured. */
export function RevisionsPanel({ beliefs, asked, ask }: Props) {
  const words = useWords(asAtWords).revisions;
  const targets = (beliefs.beliefs[0]?.points ?? []).map((point) => Date.parse(point.target_start));
  const asAtMs = Date.parse(beliefs.as_at);
  const targetMs =
    targets.find((ms) => ms === asked.targetMs) ?? targets.find((ms) => ms >= asAtMs) ?? targets.at(-1);
  const path = `/api/v1/forecasts/revisions?series_id=${encodeURIComponent(beliefs.series_id)}&target=${
    targetMs === undefined ? "" : minute(targetMs)
  }&as_at=${beliefs.as_at}`;
  const load = useCallback((signal: AbortSignal) => getJson(path, RevisionList, signal), [path]);
  const { data, problem } = usePolled(load, 30_000, targetMs !== undefined);
  if (targetMs === undefined) return null;
  const list = data && Date.parse(data.target_start) === targetMs ? data : null;
  return (
    <Panel
      actions={
        <label className="flex items-center gap-2 text-xs">
          <span className="text-muted">{words.choose}</span>
          <select
            className="min-h-7 max-w-56 rounded-md border border-line bg-surface px-2 text-xs"
            data-testid="target"
            onChange={(event) => ask({ targetMs: Number(event.target.value) })}
            value={targetMs}
          >
            {targets.map((ms) => (
              <option key={ms} value={ms}>
                {period(ms, beliefs.resolution_s, "UTC")}
              </option>
            ))}
          </select>
        </label>
      }
      testId="revisions"
      title={words.title}
    >
      {problem && !list ? <State kind={kindOf(problem)} problem={problem} /> : null}
      {list && list.items.length === 0 ? <State kind="empty" title={words.none} /> : null}
      {list && list.items.length > 0 ? <Runs beliefs={beliefs} list={list} path={path} /> : null}
      {!list && !problem ? <State kind="loading" /> : null}
    </Panel>
  );
}

function Runs({ list, beliefs, path }: { list: RevisionList; beliefs: BeliefsAt; path: string }) {
  const words = useWords(asAtWords).revisions;
  const targetMs = Date.parse(list.target_start);
  const when = period(targetMs, beliefs.resolution_s, "UTC");
  const all = list.items.flatMap((one) => [at(one, 500) ?? 0, at(one, 9500) ?? 0]);
  const scale = scaleFor(list.unit, Math.max(...all.map(Math.abs), Math.abs(list.actual?.mean_milli ?? 0)));
  const unit = unitInName(list.unit);
  const value = (bps: number, name: string, key: string): Column<Revision> => ({
    key: `${key}_${unit}`,
    name,
    unit: scale.unit,
    numeric: true,
    value: (row) => {
      const milli = at(row, bps);
      return milli === null ? null : milli / 1000;
    },
    show: (row) => {
      const milli = at(row, bps);
      return milli === null ? "—" : formatValue(milli, scale);
    },
  });
  const columns: Column<Revision>[] = [
    {
      key: "issued_at",
      name: words.issued,
      value: (row) => row.issued_at,
      show: (row) => `${dayAndTime(Date.parse(row.issued_at), "UTC")} UTC`,
    },
    {
      key: "lead_s",
      name: words.lead,
      numeric: true,
      value: (row) => row.lead_s,
      show: (row) => duration(row.lead_s),
    },
    value(500, words.low, "quantile_0_05"),
    value(5000, words.median, "median"),
    value(9500, words.high, "quantile_0_95"),
  ];
  const measured = list.actual ? ` ${words.actual}: ${formatValue(list.actual.mean_milli, scale)}.` : "";
  return (
    <Figure
      caption={`${words.caption}${list.actual ? ` ${words.actualLine}: ${formatValue(list.actual.mean_milli, scale)}.` : ""}`}
      columns={columns}
      description={`${words.description(when, list.items.length)}${measured}`}
      file={`gridseal-${beliefs.series_id.replace("/", "-")}-revisions-${minute(targetMs).replaceAll(":", "")}`}
      height="h-52"
      parquetFrom={path}
      rowKey={(row) => row.run_id}
      rows={list.items}
      source={beliefs.attribution}
      title={when}
    >
      {(cursor, setCursor) => <Drawing cursor={cursor} list={list} scale={scale} setCursor={setCursor} />}
    </Figure>
  );
}

interface DrawingProps {
  list: RevisionList;
  scale: Scale;
  cursor: number | null;
  setCursor: (index: number | null) => void;
}

function Drawing({ list, scale, cursor, setCursor }: DrawingProps) {
  const host = useRef<HTMLDivElement>(null);
  const width = useWidth(host);
  const times = list.items.map((one) => Date.parse(one.issued_at));
  const pad = Math.max(600_000, ((times.at(-1) ?? 0) - (times[0] ?? 0)) * 0.03);
  const reach: [number, number] = [(times[0] ?? 0) - pad, (times.at(-1) ?? 0) + pad];
  const values = list.items.flatMap((one) => [500, 5000, 9500].map((bps) => at(one, bps) ?? 0));
  const y = withZero([...values, list.actual?.mean_milli ?? 0]);
  const plane = planeOf({ width, height: HEIGHT }, reach, y);
  const every = Math.max(1, Math.ceil((times.length * 56) / Math.max(1, width)));
  const bar = Math.max(2, Math.min(10, (plane.right - plane.left) / Math.max(1, times.length) / 2));
  return (
    <div className="h-full" ref={host}>
      {width > 0 ? (
        <svg aria-hidden="true" height={HEIGHT} onPointerLeave={() => setCursor(null)} width={width}>
          <Axes
            plane={plane}
            scale={scale}
            times={times.filter((_, index) => index % every === 0)}
            y={y}
            zone="UTC"
          />
          {list.items.map((one, index) => {
            const x = plane.x(times[index] ?? 0);
            const [low, median, high] = [at(one, 500), at(one, 5000), at(one, 9500)];
            return (
              <g key={one.run_id} onPointerEnter={() => setCursor(index)}>
                {low !== null && high !== null ? (
                  <rect
                    fill={`rgba(var(--fan), ${cursor === index ? 0.6 : 0.3})`}
                    height={Math.max(1, plane.y(low) - plane.y(high))}
                    width={bar}
                    x={x - bar / 2}
                    y={plane.y(high)}
                  />
                ) : null}
                {median !== null ? <circle cx={x} cy={plane.y(median)} fill="var(--accent)" r={3.5} /> : null}
              </g>
            );
          })}
          {list.actual ? (
            <line
              stroke="var(--actual)"
              strokeWidth={1.5}
              x1={plane.left}
              x2={plane.right}
              y1={plane.y(list.actual.mean_milli)}
              y2={plane.y(list.actual.mean_milli)}
            />
          ) : null}
        </svg>
      ) : null}
    </div>
  );
}
