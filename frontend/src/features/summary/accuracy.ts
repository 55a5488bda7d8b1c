/** Served forecasts against the baseline, per kind, from the scores that the service sends. */
import type { KindAccuracy } from "@/lib/wire";

export const BASELINE = "analogue";

export interface KindScore {
  kind: string;
  /** What was served, with the most scored pairs. */
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
    const served =
      own.filter((entry) => entry.model !== BASELINE).sort((a, b) => b.forecasts - a.forecasts)[0] ?? null;
    const comparable = served && baseline && baseline.pinball_ratio > 0;
    return {
      kind,
      served,
      baseline,
      gain: comparable ? 1 - served.pinball_ratio / baseline.pinball_ratio : null,
    };
  });
}
