/** All that one fan shows: data, unit, zone and marks. */
import { type Scale, scaleFor } from "@/lib/units";
import type { Alert, Point, SeriesForecastView } from "@/lib/wire";
import { type FanData, fanData, largestMilli, reasonOf } from "./fan-data";

export interface FanPicture {
  data: FanData;
  unit: string;
  scale: Scale;
  zone: string;
  nowS: number;
  gateS: number | null;
  gapLabels: readonly string[];
  gapWord: string;
}

export interface Range {
  fromS: number;
  toS: number;
}

interface Source {
  view: SeriesForecastView;
  earlier: readonly Point[];
  alerts: readonly Alert[];
  nowMs: number;
  backHours: number;
  zone: string;
  words: { gap: string; gapReason: string };
}

export function fanPicture({ view, earlier, alerts, nowMs, backHours, zone, words }: Source): FanPicture {
  const data = fanData(view, earlier, { nowMs, backHours });
  return {
    data,
    unit: view.unit,
    scale: scaleFor(view.unit, largestMilli(data)),
    zone,
    nowS: nowMs / 1000,
    gateS: Date.parse(view.gate_closure) / 1000,
    gapLabels: data.gaps.map(
      (gap) => `${words.gap}: ${reasonOf(gap, view.series_id, alerts) ?? words.gapReason}`,
    ),
    gapWord: words.gap,
  };
}

/** A range inside of what there is, at least one period wide; null when it is all there is. */
export function clampRange(range: Range, data: FanData): Range | null {
  const first = data.starts[0] ?? 0;
  const last = data.starts.at(-1) ?? first;
  const width = Math.max(data.resolutionS, Math.min(range.toS - range.fromS, last - first));
  const fromS = Math.min(Math.max(range.fromS, first), last - width);
  return fromS <= first && fromS + width >= last ? null : { fromS, toS: fromS + width };
}
