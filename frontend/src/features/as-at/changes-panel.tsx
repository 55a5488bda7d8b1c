"use client";
import { useMemo, useRef } from "react";
import { unitInName } from "@/features/forecast/fan-columns";
import { SealBadge } from "@/features/seals/seal-badge";
import { period } from "@/lib/time";
import { formatNumber, formatPercent, type Scale, scaleFor } from "@/lib/units";
import { useWidth } from "@/lib/use-width";
import type { Column } from "@/ui/column";
import { DataTable } from "@/ui/data-table";
import { Figure } from "@/ui/figure";
import { Panel } from "@/ui/panel";
import { State } from "@/ui/state";
import { asAtWords } from "@/words/as-at";
import { useWords } from "@/words/use-words";
import { Axes } from "./axes";
import { BEFORE_HOURS, type Change, changesOf, type Stability, stabilityOf } from "./belief";
import { planeOf, withZero } from "./plot";
import type { BeliefsAt } from "./wire";

/** Told apart by dash as well as by color: newest comparison solid, oldest dotted. */
const LINES = [
  { stroke: "var(--accent)", dash: "", width: 2 },
  { stroke: "var(--ok)", dash: "7 3", width: 1.75 },
  { stroke: "var(--gate)", dash: "3 3", width: 1.75 },
  { stroke: "var(--now)", dash: "1 3", width: 2 },
];
const HEIGHT = 200;

/** How far the view had moved since 1, 4, 8 and 24 hours before, in a picture and in figures. */
export function ChangesPanel({ beliefs, path }: { beliefs: BeliefsAt; path: string }) {
  const words = useWords(asAtWords);
  const rows = useMemo(() => changesOf(beliefs), [beliefs]);
  const largest = Math.max(...rows.flatMap((row) => row.changes.map((milli) => Math.abs(milli ?? 0))), 0);
  const scale = scaleFor(beliefs.unit, largest);
  const shared = rows.some((row) => row.changes.some((milli) => milli !== null));
  const file = `gridseal-${beliefs.series_id.replace("/", "-")}`;
  return (
    <div className="grid gap-3 xl:grid-cols-2">
      <Panel testId="changes" title={words.changes.title}>
        {shared ? (
          <Figure
            caption={words.changes.caption}
            columns={changeColumns(words, beliefs, scale)}
            description={words.changes.description(rows.length)}
            file={`${file}-changes`}
            height="h-52"
            parquetFrom={path}
            rowKey={(row) => String(row.targetMs)}
            rows={rows}
            source={beliefs.attribution}
            title={words.changes.figure(scale.unit)}
          >
            {(cursor, setCursor) => (
              <Drawing beliefs={beliefs} cursor={cursor} rows={rows} scale={scale} setCursor={setCursor} />
            )}
          </Figure>
        ) : (
          <State kind="empty" title={words.changes.none} />
        )}
      </Panel>
      <Panel flush testId="stability" title={words.stability.title}>
        <DataTable
          caption={words.stability.caption}
          columns={stabilityColumns(words, beliefs)}
          file={`${file}-stability`}
          rowKey={(row) => String(row.beforeS)}
          rows={stabilityOf(beliefs)}
        />
      </Panel>
    </div>
  );
}

type Words = (typeof asAtWords)["en"];

function changeColumns(words: Words, beliefs: BeliefsAt, scale: Scale): Column<Change>[] {
  const unit = unitInName(beliefs.unit);
  const shown = (milli: number | null | undefined) =>
    milli === null || milli === undefined ? "—" : formatNumber(milli * scale.factor, scale.digits);
  const base = (milli: number | null | undefined) =>
    milli === null || milli === undefined ? null : milli / 1000;
  return [
    {
      key: "period_start",
      name: words.changes.period,
      value: (row) => new Date(row.targetMs).toISOString().replace(".000Z", "Z"),
      show: (row) => period(row.targetMs, beliefs.resolution_s, "UTC"),
    },
    {
      key: `median_${unit}`,
      name: words.changes.median,
      unit: scale.unit,
      numeric: true,
      value: (row) => base(row.medianMilli),
      show: (row) => shown(row.medianMilli),
    },
    ...BEFORE_HOURS.map((hours, index) => ({
      key: `change_${hours}h_${unit}`,
      name: words.changes.against(hours),
      unit: scale.unit,
      numeric: true,
      value: (row: Change) => base(row.changes[index]),
      show: (row: Change) => shown(row.changes[index]),
    })),
  ];
}

function stabilityColumns(words: Words, beliefs: BeliefsAt): Column<Stability>[] {
  const unit = unitInName(beliefs.unit);
  const capacityMilli = beliefs.capacity_w === null ? null : beliefs.capacity_w * 1000;
  const all = stabilityOf(beliefs).map((row) => Math.abs(row.largest?.milli ?? 0));
  const scale = scaleFor(beliefs.unit, Math.max(...all, 0));
  const shown = (milli: number | null) =>
    milli === null ? "—" : formatNumber(milli * scale.factor, Math.max(scale.digits, 1));
  const part = (milli: number | null) =>
    milli === null || capacityMilli === null ? null : Math.abs(milli) / capacityMilli;
  return [
    {
      key: "before_h",
      name: words.stability.before,
      value: (row) => row.beforeS / 3600,
      show: (row) => words.stability.hoursBefore(row.beforeS / 3600),
    },
    { key: "periods", name: words.stability.periods, numeric: true, value: (row) => row.periods },
    {
      key: `mean_change_${unit}`,
      name: words.stability.mean,
      unit: scale.unit,
      numeric: true,
      value: (row) => (row.meanMilli === null ? null : row.meanMilli / 1000),
      show: (row) => shown(row.meanMilli),
    },
    {
      key: `mean_abs_change_${unit}`,
      name: words.stability.meanAbs,
      unit: scale.unit,
      numeric: true,
      value: (row) => (row.meanAbsMilli === null ? null : row.meanAbsMilli / 1000),
      show: (row) => shown(row.meanAbsMilli),
    },
    {
      key: "mean_abs_change_of_capacity_ratio",
      name: words.stability.ofCapacity,
      numeric: true,
      value: (row) => part(row.meanAbsMilli),
      show: (row) => percent(part(row.meanAbsMilli)),
    },
    {
      key: "inside_earlier_half_ratio",
      name: words.stability.inside,
      numeric: true,
      value: (row) => row.insideRatio,
      show: (row) => <span title={words.stability.insideTitle}>{percent(row.insideRatio, 0)}</span>,
    },
    {
      key: "seal_state",
      name: words.stability.seal,
      value: (row) => row.run?.seal?.state ?? null,
      show: (row) => (row.run ? <SealBadge seal={row.run.seal} /> : "—"),
    },
  ];
}

const percent = (ratio: number | null, digits = 1) => (ratio === null ? "—" : formatPercent(ratio, digits));

interface DrawingProps {
  rows: readonly Change[];
  beliefs: BeliefsAt;
  scale: Scale;
  cursor: number | null;
  setCursor: (index: number | null) => void;
}

function Drawing({ rows, beliefs, scale, cursor, setCursor }: DrawingProps) {
  const words = useWords(asAtWords);
  const host = useRef<HTMLDivElement>(null);
  const width = useWidth(host);
  const stepMs = beliefs.resolution_s * 1000;
  const from = rows[0]?.targetMs ?? 0;
  const to = (rows.at(-1)?.targetMs ?? 0) + stepMs;
  const y = withZero(rows.flatMap((row) => row.changes.filter((milli) => milli !== null)));
  const plane = planeOf({ width, height: HEIGHT - 20 }, [from, to], y);
  const every = Math.max(1, Math.ceil((rows.length * 64) / Math.max(1, width)));
  const pointed = cursor === null ? null : rows[cursor];
  const onMove = (clientX: number, left: number) => {
    const share = (clientX - left - plane.left) / (plane.right - plane.left);
    const index = Math.floor(share * rows.length);
    setCursor(index >= 0 && index < rows.length ? index : null);
  };
  return (
    <div className="flex h-full flex-col" ref={host}>
      {width > 0 ? (
        <svg
          aria-hidden="true"
          height={HEIGHT - 20}
          onPointerLeave={() => setCursor(null)}
          onPointerMove={(event) => onMove(event.clientX, event.currentTarget.getBoundingClientRect().left)}
          width={width}
        >
          <Axes
            plane={plane}
            scale={scale}
            times={rows.filter((_, index) => index % every === 0).map((row) => row.targetMs)}
            y={y}
            zone="UTC"
          />
          <line stroke="var(--muted)" x1={plane.left} x2={plane.right} y1={plane.y(0)} y2={plane.y(0)} />
          {pointed ? (
            <rect
              fill="var(--gap)"
              height={plane.bottom - plane.top}
              width={plane.x(pointed.targetMs + stepMs) - plane.x(pointed.targetMs)}
              x={plane.x(pointed.targetMs)}
              y={plane.top}
            />
          ) : null}
          {LINES.map((line, index) => (
            <path
              d={stepPath(rows, index, stepMs, plane)}
              fill="none"
              key={line.stroke}
              stroke={line.stroke}
              strokeDasharray={line.dash}
              strokeWidth={line.width}
            />
          ))}
        </svg>
      ) : null}
      <ul className="flex flex-wrap gap-x-4 text-2xs text-muted">
        {BEFORE_HOURS.map((hours, index) => (
          <li className="flex items-center gap-1.5" key={hours}>
            <svg aria-hidden="true" height={6} width={22}>
              <line
                stroke={LINES[index]?.stroke}
                strokeDasharray={LINES[index]?.dash}
                strokeWidth={LINES[index]?.width}
                x2={22}
                y1={3}
                y2={3}
              />
            </svg>
            {words.changes.against(hours)}
            {pointed ? (
              <b className="font-medium text-text">
                {pointed.changes[index] === null || pointed.changes[index] === undefined
                  ? "—"
                  : formatNumber((pointed.changes[index] ?? 0) * scale.factor, scale.digits)}
              </b>
            ) : null}
          </li>
        ))}
      </ul>
    </div>
  );
}

function stepPath(
  rows: readonly Change[],
  index: number,
  stepMs: number,
  plane: ReturnType<typeof planeOf>,
): string {
  return rows
    .map((row, i) => {
      const milli = row.changes[index];
      if (milli === null || milli === undefined) return "";
      const before = rows[i - 1]?.changes[index];
      const move = before === null || before === undefined ? "M" : "L";
      const y = plane.y(milli).toFixed(1);
      return `${move}${plane.x(row.targetMs).toFixed(1)} ${y}H${plane.x(row.targetMs + stepMs).toFixed(1)}`;
    })
    .join("");
}
