/** What is looked at, as it stands in the address bar. */
import type { Range } from "@/features/forecast/fan-picture";

export const BACK_HOURS = [6, 12, 24] as const;
export type BackHours = (typeof BACK_HOURS)[number];
export type Mode = "chart" | "table";
export type Show = "site" | "fleet";

export interface Selection {
  site: string | null;
  series: string | null;
  back: BackHours;
  mode: Mode;
  show: Show;
  /** What the chart is zoomed to; null shows all. */
  range: Range | null;
}

type Params = Readonly<Record<string, string | string[] | undefined>>;

export function selectionFrom(params: Params): Selection {
  const one = (name: string) => {
    const value = params[name];
    return (Array.isArray(value) ? value[0] : value) || null;
  };
  const back = BACK_HOURS.find((hours) => String(hours) === one("back")) ?? 12;
  return {
    site: one("site"),
    series: one("series"),
    back,
    mode: one("view") === "table" ? "table" : "chart",
    show: one("show") === "fleet" ? "fleet" : "site",
    range: rangeFrom(one("from"), one("to")),
  };
}

function rangeFrom(from: string | null, to: string | null): Range | null {
  const [fromS, toS] = [Date.parse(from ?? "") / 1000, Date.parse(to ?? "") / 1000];
  return Number.isFinite(fromS) && Number.isFinite(toS) && fromS < toS ? { fromS, toS } : null;
}

const minute = (seconds: number) =>
  new Date(Math.round(seconds / 60) * 60_000).toISOString().replace(":00.000Z", "Z");

/** The query for this selection; parameters that are not ours (`wall`) stay. */
export function searchOf(selection: Selection, kept = ""): string {
  const params = new URLSearchParams();
  if (selection.site) params.set("site", selection.site);
  if (selection.series) params.set("series", selection.series);
  if (selection.back !== 12) params.set("back", String(selection.back));
  if (selection.mode === "table") params.set("view", "table");
  if (selection.show === "fleet") params.set("show", "fleet");
  if (selection.range) {
    params.set("from", minute(selection.range.fromS));
    params.set("to", minute(selection.range.toS));
  }
  const wall = new URLSearchParams(kept).get("wall");
  if (wall) params.set("wall", wall);
  // Series ids hold a slash and times a colon, which a query may carry as they are.
  const text = params.toString().replaceAll("%2F", "/").replaceAll("%3A", ":");
  return text ? `?${text}` : "";
}
