"use client";
import { useCallback, useMemo, useRef } from "react";
import type { Selection } from "@/features/control-room/selection";
import type { SiteRow } from "@/features/sites/site-rows";
import type { LiveState } from "@/lib/live-state";
import { pngOf } from "@/lib/picture";
import { duration } from "@/lib/time";
import type { SeriesForecastView } from "@/lib/wire";
import { ExportButtons } from "@/ui/export-buttons";
import { liveWords } from "@/words/live";
import { useWords } from "@/words/use-words";
import { ChartTools } from "./chart-tools";
import { FanBrush } from "./fan-brush";
import { FanChart } from "./fan-chart";
import { fanColumns, fanRows } from "./fan-columns";
import { FanLegend } from "./fan-legend";
import { type FanPicture, fanPicture } from "./fan-picture";
import { FanTable } from "./fan-table";
import { describe, Headline } from "./headline";

export interface FanShared {
  row: SiteRow;
  live: LiveState;
  nowMs: number;
  zone: string;
  selection: Selection;
  onSelect: (change: Partial<Selection>) => void;
  cursorS: number | null;
  onCursor: (seconds: number | null) => void;
}

export function usePicture(view: SeriesForecastView, shared: FanShared): FanPicture {
  const { live, nowMs, zone, selection } = shared;
  const words = useWords(liveWords).chart;
  const earlier = live.earlier[view.series_id];
  return useMemo(
    () =>
      fanPicture({
        view,
        earlier: earlier ?? [],
        alerts: live.alerts,
        nowMs,
        backHours: selection.back,
        zone,
        words,
      }),
    [view, earlier, live.alerts, nowMs, selection.back, zone, words],
  );
}

/** The chosen series: numbers first, then the fan or its table, the overview to zoom by, and files of it. */
export function Fan(props: FanShared & { view: SeriesForecastView }) {
  const { view, row, live, nowMs, zone, selection, onSelect, cursorS, onCursor } = props;
  const words = useWords(liveWords);
  const picture = usePicture(view, props);
  const figure = useRef<HTMLElement>(null);
  const onRange = useCallback((range: Selection["range"]) => onSelect({ range }), [onSelect]);
  return (
    <div aria-labelledby={`tab-${view.series_id.replace("/", "-")}`} id="series-panel" role="tabpanel">
      <div className="flex flex-wrap items-end justify-between gap-x-4 gap-y-2 py-1.5">
        <Headline nowMs={nowMs} seal={live.seals[view.run_id] ?? view.seal} view={view} zone={zone} />
        <ChartTools onSelect={onSelect} selection={selection} />
      </div>
      <figure ref={figure}>
        {selection.mode === "table" ? (
          <FanTable levels={view.levels_bps} name={view.name} picture={picture} />
        ) : (
          <>
            <FanChart
              cursorS={cursorS}
              description={describe(view, picture.scale, nowMs, zone, words)}
              key={`${view.series_id} ${zone}`}
              levels={view.levels_bps}
              onCursor={onCursor}
              onRange={onRange}
              picture={picture}
              range={selection.range}
            />
            <FanBrush onRange={onRange} picture={picture} range={selection.range} />
          </>
        )}
        <figcaption className="mt-2">
          <p className="sr-only">{words.chart.figure(view.name, duration(view.resolution_s))}</p>
          {selection.mode === "chart" ? <FanLegend data={picture.data} /> : null}
          <div className="mt-1 flex flex-wrap items-center justify-between gap-x-4">
            <p className="text-2xs text-muted">{view.attribution || row.attribution}</p>
            <div className="wall-hidden">
              <FanExport figure={figure} picture={picture} range={selection.range} row={row} view={view} />
            </div>
          </div>
        </figcaption>
      </figure>
    </div>
  );
}

function FanExport(props: {
  view: SeriesForecastView;
  row: SiteRow;
  picture: FanPicture;
  range: Selection["range"];
  figure: { current: HTMLElement | null };
}) {
  const { view, row, picture, range, figure } = props;
  const png = async () => {
    const chart = figure.current?.querySelector("[data-testid=fan-chart]");
    if (!chart) throw new Error("no chart");
    return pngOf(
      chart,
      `${row.name}: ${view.name}, ${picture.scale.unit}`,
      view.attribution || row.attribution,
    );
  };
  const shown = range ? `&from=${utc(range.fromS)}&to=${utc(range.toS)}` : "";
  return (
    <ExportButtons
      columns={fanColumns(picture, view.levels_bps)}
      file={`gridseal-${view.series_id.replace("/", "-")}-${view.slot.slice(0, 16).replaceAll(":", "")}`}
      parquetFrom={`/api/v1/forecasts/at?series_id=${encodeURIComponent(view.series_id)}${shown}`}
      picture={png}
      rows={fanRows(picture.data, range?.fromS, range?.toS)}
    />
  );
}

const utc = (seconds: number) => new Date(Math.round(seconds) * 1000).toISOString().replace(".000Z", "Z");
