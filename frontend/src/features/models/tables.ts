/** What the pages of models compare. Pure. */
import { scaleFor } from "@/lib/units";
import type { DriftState, Performance, Training } from "./wire";

export interface PowerScale {
  factor: number;
  unit: string;
  digits: number;
}

/** One unit for all values of a picture: W, kW, MW by the largest; MWh stay. */
export function unitOf(performance: Performance): PowerScale {
  return unitFor(
    performance,
    performance.items.flatMap((one) => [one.actual, one.predicted]),
  );
}

/** Errors are far smaller than what they are errors of: in its unit they would be 0.07. */
export function errorUnitOf(performance: Performance): PowerScale {
  const { mae, rmse, bias, errors, items } = performance;
  return unitFor(performance, [
    mae ?? 0,
    rmse ?? 0,
    bias ?? 0,
    ...errors.edges,
    ...items.map((one) => one.rolling_mae),
  ]);
}

function unitFor(performance: Performance, values: readonly number[]): PowerScale {
  if (performance.unit === "MWh") return { factor: 1, unit: "MWh", digits: 1 };
  const scale = scaleFor("W", Math.max(...values.map(Math.abs), 0) * 1_000);
  return { factor: scale.factor * 1_000, unit: scale.unit, digits: scale.digits };
}

export interface ErrorBin {
  from: number;
  to: number;
  count: number;
}

export function errorBins({ errors }: Performance, factor: number): ErrorBin[] {
  return errors.counts.map((count, i) => ({
    from: (errors.edges[i] ?? 0) * factor,
    to: (errors.edges[i + 1] ?? 0) * factor,
    count,
  }));
}

/** Seconds of the training itself, where it said so; else those of its record, which may be written at its end. */
export function tookS({ metrics, started_at, ended_at }: Training): number | null {
  const { seconds } = metrics;
  if (seconds !== undefined) return seconds;
  return ended_at ? (Date.parse(ended_at) - Date.parse(started_at)) / 1_000 : null;
}

/** Figures that most of the trainings have, those of the gate first. */
const PREFERRED = ["mae", "rmse", "mape", "r2", "blend_rcrps", "baseline_rcrps", "loss", "seconds"];

export function comparedMetrics(trainings: readonly Training[], most = 6): string[] {
  const counts = new Map<string, number>();
  for (const { metrics } of trainings)
    for (const name of Object.keys(metrics)) counts.set(name, (counts.get(name) ?? 0) + 1);
  const rank = (name: string) => {
    const at = PREFERRED.findIndex(
      (one) => name === one || name.endsWith(`_${one}`) || name.startsWith(`${one}_`),
    );
    return at === -1 ? PREFERRED.length : at;
  };
  return [...counts.keys()]
    .sort((a, b) => rank(a) - rank(b) || (counts.get(b) ?? 0) - (counts.get(a) ?? 0) || a.localeCompare(b))
    .slice(0, most);
}

export interface FeatureRow {
  name: string;
  drifted: boolean;
  psi: number | null;
  ks: number | null;
  p: number | null;
  before: number | null;
  now: number | null;
  missing: number | null;
  unjudged: string;
}

/** Every feature, the drifted ones first, then by how far they moved. */
export function featureRows({ features }: DriftState): FeatureRow[] {
  const rows = Object.entries(features).map(([name, one]) => ({
    name,
    drifted: one.drifted ?? false,
    psi: one.psi ?? null,
    ks: one.ks ?? null,
    p: one.p_value ?? null,
    before: one.reference_mean ?? null,
    now: one.current_mean ?? null,
    missing: one.current_missing ?? null,
    unjudged: one.unjudged ?? "",
  }));
  return rows.sort((a, b) => Number(b.drifted) - Number(a.drifted) || (b.psi ?? -1) - (a.psi ?? -1));
}
