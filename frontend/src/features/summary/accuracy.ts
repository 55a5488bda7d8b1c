/** Served forecasts against the baseline, per kind, from the scores that the service sends. */
import type { KindAccuracy } from "@/lib/wire";

export const BASELINE = "analogue";
/** Where the baseline errs by less, as with PV at night, a share of it says nothing. */
const LEAST_LOSS = 0.0005;

export interface KindScore {
  kind: string;
  /** All that was served, whichever model it came from, weighed by the number of scored pairs. */
  served: KindAccuracy | null;
  baseline: KindAccuracy | null;
  /** Share by which the served loss is below the baseline's; negative when it is above. */
  gain: number | null;
}

export function scoresByKind(accuracy: readonly KindAccuracy[]): KindScore[] {
  const kinds = [...new Set(accuracy.map((entry) => entry.kind))];
  return kinds.map((kind) => {
    const own = accuracy.filter((entry) => entry.kind === kind && entry.forecasts > 0);
    const baseline = own.find((entry) => entry.model === BASELINE) ?? null;
    const served = together(own.filter((entry) => entry.model !== BASELINE));
    const comparable = served && baseline && baseline.pinball_ratio >= LEAST_LOSS;
    return {
      kind,
      served,
      baseline,
      gain: comparable ? 1 - served.pinball_ratio / baseline.pinball_ratio : null,
    };
  });
}

function together(entries: readonly KindAccuracy[]): KindAccuracy | null {
  const [first] = entries;
  if (!first) return null;
  const forecasts = entries.reduce((sum, entry) => sum + entry.forecasts, 0);
  const mean = (of: (entry: KindAccuracy) => number) =>
    entries.reduce((sum, entry) => sum + of(entry) * entry.forecasts, 0) / forecasts;
  const covered = entries.every((entry) => entry.coverage_90_ratio !== null);
  return {
    ...first,
    model: entries.map((entry) => entry.model).join(", "),
    forecasts,
    pinball_ratio: mean((entry) => entry.pinball_ratio),
    coverage_90_ratio: covered ? mean((entry) => entry.coverage_90_ratio ?? 0) : null,
  };
}
