/** Figures of accuracy, as they are said and ordered. Pure. */
import { formatNumber, formatPercent } from "@/lib/units";
import type { AccuracyRow, Figured, SkillCell, TimelinePoint } from "./wire";

export const SPANS = ["PT24H", "P2D", "P7D", "P31D"] as const;
const HOURS: Record<string, number> = { PT24H: 24, P2D: 48, P7D: 168, P31D: 744 };

export const rowKey = (row: AccuracyRow) => `${row.product_id}/${row.kind}/${row.model}`;

/** The query of a span that ends now, or at `asAt`; rounded so that the address stays the same for a while. */
export function spanQuery(span: string, asAt: string | null, nowMs: number): string {
  const endMs = asAt ? Date.parse(asAt) : Math.ceil(nowMs / 900_000) * 900_000;
  const since = new Date(endMs - (HOURS[span] ?? 168) * 3_600_000).toISOString();
  return `since=${since}${asAt ? `&as_at=${encodeURIComponent(asAt)}` : ""}`;
}

/** `12.3 %`, and what it may be by chance: `12.3 % (8.1 to 16.0)`. */
export function percentWithInterval(figure: Figured | null, to: string, digits = 1): string {
  if (!figure) return "—";
  const value = formatPercent(figure.value, digits);
  if (figure.low === null || figure.high === null) return value;
  return `${value} (${formatNumber(figure.low * 100, digits)} ${to} ${formatNumber(figure.high * 100, digits)})`;
}

export type Verdict = "better" | "worse" | "open";

/** Whether a figure lies above (or below) a border beyond what chance explains. */
export function against(figure: Figured | null, border: number): Verdict {
  if (!figure || figure.low === null || figure.high === null) return "open";
  return figure.low > border ? "better" : figure.high < border ? "worse" : "open";
}

/** Rows and columns of a table of skill, each in the order of its sort. */
export function skillGrid(cells: readonly SkillCell[]): {
  rows: string[];
  columns: string[];
  at: (row: string, column: string) => SkillCell | undefined;
} {
  const order = (a: string, b: string) => a.localeCompare(b, "en", { numeric: true });
  const known = new Map(cells.map((cell) => [`${cell.row}\n${cell.column}`, cell]));
  return {
    rows: [...new Set(cells.map((cell) => cell.row))].sort(order),
    columns: [...new Set(cells.map((cell) => cell.column))].sort(order),
    at: (row, column) => known.get(`${row}\n${column}`),
  };
}

/** Strength of a cell's color from −1 (half as good as the baseline, or worse) to 1 (half its loss, or better). */
export function tint(cell: SkillCell): number {
  return Math.max(-1, Math.min(1, (cell.skill?.value ?? 0) * 2));
}

export interface Moment {
  ms: number;
  forecasts: number;
  served: number;
  baseline: number;
}

/** Means of all models of some kinds per bucket, weighted by their forecasts, oldest first. */
export function moments(points: readonly TimelinePoint[]): Moment[] {
  const sums = new Map<number, Moment>();
  for (const point of points) {
    const ms = Date.parse(point.period_start);
    const old = sums.get(ms) ?? { ms, forecasts: 0, served: 0, baseline: 0 };
    sums.set(ms, {
      ms,
      forecasts: old.forecasts + point.forecasts,
      served: old.served + point.pinball_ratio * point.forecasts,
      baseline: old.baseline + point.baseline_ratio * point.forecasts,
    });
  }
  return [...sums.values()]
    .sort((a, b) => a.ms - b.ms)
    .map((m) => ({ ...m, served: m.served / m.forecasts, baseline: m.baseline / m.forecasts }));
}
