/** What is looked at, as it stands in the address bar. */
export const BACK_HOURS = [6, 12, 24] as const;
export type BackHours = (typeof BACK_HOURS)[number];
export type Mode = "chart" | "table";

export interface Selection {
  site: string | null;
  series: string | null;
  back: BackHours;
  mode: Mode;
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
  };
}

export function searchOf(selection: Selection): string {
  const params = new URLSearchParams();
  if (selection.site) params.set("site", selection.site);
  if (selection.series) params.set("series", selection.series);
  if (selection.back !== 12) params.set("back", String(selection.back));
  if (selection.mode === "table") params.set("view", "table");
  // Series ids hold a slash, which a query may carry as it is.
  const text = params.toString().replaceAll("%2F", "/");
  return text ? `?${text}` : "";
}
