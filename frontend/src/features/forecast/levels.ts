/** One quantile of one period. */
import type { Point } from "@/lib/wire";

export function valueAt(point: Point, levels: readonly number[], bps: number): number | null {
  const index = levels.indexOf(bps);
  return index < 0 ? null : (point.values_milli[index] ?? null);
}
