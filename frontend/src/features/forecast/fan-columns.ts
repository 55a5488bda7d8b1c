/** A fan as rows: for exports, with the unit in each name, periods in UTC and in the site's zone. */
import { dayAndTime } from "@/lib/time";
import type { Column } from "@/ui/column";
import type { FanData } from "./fan-data";
import type { FanPicture } from "./fan-picture";
import { valueAt } from "./levels";

export interface FanRow {
  index: number;
  startMs: number;
}

export function fanRows(data: FanData, from = -Infinity, to = Infinity): FanRow[] {
  return data.starts
    .slice(0, -1)
    .map((start, index) => ({ index, startMs: start * 1000 }))
    .filter(({ startMs }) => startMs / 1000 + data.resolutionS > from && startMs / 1000 < to);
}

/** UCUM units as they may stand in a name: `W` becomes `w`, `m/s` becomes `m_per_s`. */
export function unitInName(unit: string): string {
  return unit
    .toLowerCase()
    .replace("/", "_per_")
    .replace(/[^a-z0-9_]/g, "");
}

export function fanColumns(picture: FanPicture, levels: readonly number[]): Column<FanRow>[] {
  const { data, zone, unit } = picture;
  const name = unitInName(unit);
  const whole = (milli: number | null | undefined) =>
    milli === null || milli === undefined ? null : milli / 1000;
  const text = (key: string, value: (row: FanRow) => string): Column<FanRow> => ({ key, name: key, value });
  return [
    text("period_start", ({ startMs }) => new Date(startMs).toISOString().replace(".000Z", "Z")),
    text("period_start_local", ({ startMs }) => `${dayAndTime(startMs, zone)} ${zone}`),
    text("period", () => `PT${data.resolutionS / 60}M`),
    {
      key: `measured_${name}`,
      name: "measured",
      unit,
      numeric: true,
      value: ({ index }) => whole(data.actual[index]),
    },
    text("measured_state", ({ index }) => {
      if (data.actual[index] === null) return "none";
      return data.incomplete[index] ? "partial" : data.provisional[index] ? "provisional" : "settled";
    }),
    ...levels.map(
      (bps): Column<FanRow> => ({
        key: `quantile_${(bps / 10_000).toString().replace(".", "_")}_${name}`,
        name: String(bps),
        unit,
        numeric: true,
        value: ({ index }) => {
          const point = data.points[index];
          return point ? whole(valueAt(point, levels, bps)) : null;
        },
      }),
    ),
  ];
}
