/**
 * From a forecast and its measurements to what is drawn: one grid of periods, no interpolation. A period
 * without a measurement is null and becomes a gap; it is never zero and never bridged.
 */
import type { Alert, Point, SeriesForecastView } from "@/lib/wire";

export interface Band {
  /** Share of outcomes inside, in basis points. */
  share: number;
  low: (number | null)[];
  high: (number | null)[];
}

export interface Gap {
  fromS: number;
  toS: number;
}

export interface FanData {
  resolutionS: number;
  /** Starts of the periods, seconds; the last entry is the end of the last period. */
  starts: number[];
  /** Widest first, so that narrow bands are painted over wide ones. */
  bands: Band[];
  median: (number | null)[];
  actual: (number | null)[];
  incomplete: boolean[];
  /** Measured so lately that a late reading may still change it. */
  provisional: boolean[];
  gaps: Gap[];
  /** Index of the first period of the newest run; what is before it was said by earlier runs. */
  runFrom: number;
  points: (Point | null)[];
}

export interface FanWindow {
  nowMs: number;
  backHours: number;
  /** Until when readings were taken in, where that is not `nowMs`: a picture of the past. */
  knownMs?: number;
}

/** The part of a view that is drawn. */
export type Drawn = Pick<SeriesForecastView, "resolution_s" | "slot" | "levels_bps" | "points" | "actuals">;

const GRACE_PERIODS = 2;
/** When the stream judges the quality of an hour for good (its `quality_lateness_s`); domain seconds. */
export const SETTLED_AFTER_S = 7_200;

/** Levels that lie symmetrically about the median, widest pair first. */
export function bandPairs(levels: readonly number[]): { low: number; high: number; share: number }[] {
  return levels
    .filter((level) => level < 5000 && levels.includes(10_000 - level))
    .map((level) => ({ low: level, high: 10_000 - level, share: 10_000 - 2 * level }))
    .sort((a, b) => b.share - a.share);
}

export function fanData(
  view: Drawn,
  earlier: readonly Point[],
  { nowMs, backHours, knownMs = nowMs }: FanWindow,
): FanData {
  const step = view.resolution_s;
  const starts = periodStarts(view, nowMs / 1000, backHours);
  const index = new Map(starts.map((start, i) => [start, i]));
  const points: (Point | null)[] = starts.map(() => null);
  for (const point of [...earlier, ...view.points]) {
    const at = index.get(Date.parse(point.target_start) / 1000);
    if (at !== undefined && at < starts.length - 1) points[at] = point;
  }
  const { actual, incomplete } = measured(view, starts, index);
  const firstS = Date.parse(view.points[0]?.target_start ?? view.slot) / 1000;
  const runFrom = starts.findIndex((start) => start >= firstS);
  const values = (bps: number) => {
    const column = view.levels_bps.indexOf(bps);
    return points.map((point) => point?.values_milli[column] ?? null);
  };
  return {
    resolutionS: step,
    starts,
    bands: bandPairs(view.levels_bps).map(({ low, high, share }) => ({
      share,
      low: values(low),
      high: values(high),
    })),
    median: values(5000),
    actual,
    incomplete,
    provisional: actual.map(
      (value, i) => value !== null && (starts[i] ?? 0) + step > knownMs / 1000 - SETTLED_AFTER_S,
    ),
    gaps: gapsIn(starts, actual, nowMs / 1000, step),
    runFrom: runFrom < 0 ? starts.length : runFrom,
    points,
  };
}

function periodStarts(view: Drawn, nowS: number, backHours: number): number[] {
  const step = view.resolution_s;
  const last = view.points.at(-1);
  const endOfRun = last ? Date.parse(last.target_start) / 1000 + step : 0;
  const from = Math.floor((nowS - backHours * 3600) / step) * step;
  const to = Math.max(endOfRun, Math.ceil(nowS / step) * step);
  // A run from long ago or a clock that is far off must not make a grid without end.
  const count = Math.min(2_000, Math.round((to - from) / step));
  return Array.from({ length: count + 1 }, (_, i) => from + i * step);
}

function measured(view: Drawn, starts: readonly number[], index: ReadonlyMap<number, number>) {
  const actual: (number | null)[] = starts.map(() => null);
  const incomplete = starts.map(() => false);
  for (const point of view.actuals) {
    const at = index.get(Date.parse(point.period_start) / 1000);
    if (at === undefined) continue;
    actual[at] = point.mean_milli;
    incomplete[at] = !point.complete;
  }
  return { actual, incomplete };
}

function gapsIn(
  starts: readonly number[],
  actual: readonly (number | null)[],
  nowS: number,
  step: number,
): Gap[] {
  const newest = actual.findLastIndex((value) => value !== null);
  const due = nowS - GRACE_PERIODS * step;
  const gaps: Gap[] = [];
  for (let i = 0; i < starts.length - 1; i += 1) {
    const start = starts[i] ?? 0;
    if (actual[i] !== null || (i > newest && start + step > due)) continue;
    const open = gaps.at(-1);
    if (open?.toS === start) open.toS = start + step;
    else gaps.push({ fromS: start, toS: start + step });
  }
  return gaps;
}

/** Why there are no values: what an alert on this series said of that time, or null when none did. */
export function reasonOf(gap: Gap, seriesId: string, alerts: readonly Alert[]): string | null {
  const about = alerts.find(
    (alert) =>
      alert.subject === seriesId &&
      Date.parse(alert.period_start) / 1000 < gap.toS &&
      Date.parse(alert.period_end) / 1000 > gap.fromS,
  );
  return about?.title ?? null;
}

/** Index of the period that holds this moment, or null outside of the picture. */
export function indexAt(data: FanData, seconds: number): number | null {
  const index = data.starts.findLastIndex((start) => start <= seconds);
  return index < 0 || index >= data.starts.length - 1 ? null : index;
}

/** Smallest and largest value that is drawn, for the scale of numbers. */
export function largestMilli(data: FanData): number {
  const all = [...data.actual, ...data.median, ...(data.bands[0]?.high ?? []), ...(data.bands[0]?.low ?? [])];
  return all.reduce<number>((most, value) => Math.max(most, Math.abs(value ?? 0)), 0);
}

/** Power-weighted by overlap: what the medians say of the hour that begins now. */
export function meanAhead(
  view: SeriesForecastView,
  bps: number,
  nowMs: number,
  aheadS = 3600,
): number | null {
  const column = view.levels_bps.indexOf(bps);
  let weight = 0;
  let sum = 0;
  for (const point of view.points) {
    const start = Date.parse(point.target_start) / 1000;
    const overlap =
      Math.min(start + view.resolution_s, nowMs / 1000 + aheadS) - Math.max(start, nowMs / 1000);
    const value = point.values_milli[column];
    if (overlap <= 0 || value === undefined) continue;
    weight += overlap;
    sum += overlap * value;
  }
  return weight > 0 ? sum / weight : null;
}
