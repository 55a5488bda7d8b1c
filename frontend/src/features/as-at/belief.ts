/** From what was believed to what is shown: the fan of that moment, the changes since earlier moments. */
import { type FanData, fanData } from "@/features/forecast/fan-data";
import type { Point } from "@/lib/wire";
import type { BeliefPoint, BeliefsAt, RunMark } from "./wire";

export const BEFORE_HOURS = [1, 4, 8, 24] as const;
/** An hour less than what is asked for: the first period of the answer may have begun before it. */
const BACK_HOURS = 11;

type Runs = ReadonlyMap<string, RunMark>;

export function runsById(beliefs: BeliefsAt): Runs {
  return new Map(beliefs.runs.map((run) => [run.run_id, run]));
}

/** A quantile of a point, in the levels of the run that said it. */
export function quantileOf(point: BeliefPoint, runs: Runs, bps: number): number | null {
  const column = runs.get(point.run_id)?.levels_bps.indexOf(bps) ?? -1;
  return column < 0 ? null : (point.values_milli[column] ?? null);
}

/** The fan of the moment. Runs whose levels differ from the newest's are left out where they cannot be compared. */
export function fanOf(
  beliefs: BeliefsAt,
  nowMs: number,
): { data: FanData; levels: readonly number[] } | null {
  const runs = runsById(beliefs);
  const points = beliefs.beliefs[0]?.points ?? [];
  const newest = runs.get(points.at(-1)?.run_id ?? "");
  if (!newest) return null;
  const levels = newest.levels_bps;
  const inLevels = (point: BeliefPoint): Point | null => {
    const values = levels.map((bps) => quantileOf(point, runs, bps));
    return values.every((value) => value !== null)
      ? { target_start: point.target_start, values_milli: values }
      : null;
  };
  const own = points.filter((point) => point.run_id === newest.run_id).map(inLevels);
  const earlier = points.filter((point) => point.run_id !== newest.run_id).map(inLevels);
  const asAtMs = Date.parse(beliefs.as_at);
  const data = fanData(
    {
      resolution_s: beliefs.resolution_s,
      slot: newest.slot,
      levels_bps: levels,
      points: own.filter((point) => point !== null),
      actuals: beliefs.actuals,
    },
    earlier.filter((point) => point !== null),
    { nowMs: asAtMs, backHours: BACK_HOURS, knownMs: nowMs },
  );
  return { data, levels };
}

export interface Change {
  targetMs: number;
  /** Median at the moment, and its change against each earlier moment, in the order of `BEFORE_HOURS`. */
  medianMilli: number;
  changes: (number | null)[];
}

/** How the median of each period moved since the earlier moments; only periods after the moment. */
export function changesOf(beliefs: BeliefsAt): Change[] {
  const runs = runsById(beliefs);
  const [now, ...before] = beliefs.beliefs;
  const asAtMs = Date.parse(beliefs.as_at);
  const medians = before.map(
    (belief) =>
      new Map(belief.points.map((point) => [Date.parse(point.target_start), quantileOf(point, runs, 5000)])),
  );
  return (now?.points ?? []).flatMap((point) => {
    const targetMs = Date.parse(point.target_start);
    const medianMilli = quantileOf(point, runs, 5000);
    if (targetMs < asAtMs || medianMilli === null) return [];
    const changes = medians.map((own) => {
      const old = own.get(targetMs) ?? null;
      return old === null ? null : medianMilli - old;
    });
    return [{ targetMs, medianMilli, changes }];
  });
}

export interface Stability {
  beforeS: number;
  /** The newest run of the earlier moment. */
  run: RunMark | null;
  /** Periods that both moments speak about. */
  periods: number;
  meanMilli: number | null;
  meanAbsMilli: number | null;
  largest: { targetMs: number; milli: number } | null;
  /** Share of periods whose new median lies inside of what half of the outcomes were said to lie in. */
  insideRatio: number | null;
}

export function stabilityOf(beliefs: BeliefsAt): Stability[] {
  const runs = runsById(beliefs);
  const changes = changesOf(beliefs);
  return beliefs.beliefs.slice(1).map((belief, index) => {
    const old = new Map(belief.points.map((point) => [Date.parse(point.target_start), point]));
    const shared = changes.flatMap((change) => {
      const milli = change.changes[index];
      return milli === null || milli === undefined ? [] : [{ ...change, milli }];
    });
    const inside = shared.filter(({ targetMs, medianMilli }) => {
      const point = old.get(targetMs);
      const low = point ? quantileOf(point, runs, 2500) : null;
      const high = point ? quantileOf(point, runs, 7500) : null;
      return low !== null && high !== null && medianMilli >= low && medianMilli <= high;
    }).length;
    const count = shared.length;
    const sum = (of: (milli: number) => number) => shared.reduce((total, { milli }) => total + of(milli), 0);
    const largest = [...shared].sort((a, b) => Math.abs(b.milli) - Math.abs(a.milli))[0];
    return {
      beforeS: belief.before_s,
      run: runs.get(belief.points.at(-1)?.run_id ?? "") ?? null,
      periods: count,
      meanMilli: count ? sum((milli) => milli) / count : null,
      meanAbsMilli: count ? sum(Math.abs) / count : null,
      largest: largest ? { targetMs: largest.targetMs, milli: largest.milli } : null,
      insideRatio: count ? inside / count : null,
    };
  });
}
