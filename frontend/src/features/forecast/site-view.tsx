"use client";
import { useMemo } from "react";
import type { Selection } from "@/features/control-room/selection";
import { SealPanel } from "@/features/seals/seal-panel";
import type { SiteRow } from "@/features/sites/site-rows";
import type { LiveState } from "@/lib/live-state";
import { duration, knownZone } from "@/lib/time";
import { scaleFor } from "@/lib/units";
import type { SeriesForecastView } from "@/lib/wire";
import { Notice } from "@/ui/notice";
import { ChartTools } from "./chart-tools";
import { FanChart } from "./fan-chart";
import { fanData, largestMilli } from "./fan-data";
import { FanLegend } from "./fan-legend";
import { FanTable } from "./fan-table";
import { ForecastFacts } from "./forecast-facts";
import { describe, Headline } from "./headline";
import { SeriesTabs } from "./series-tabs";

interface Props {
  row: SiteRow;
  live: LiveState;
  nowMs: number;
  selection: Selection;
  rpcUrl: string;
  onSelect: (change: Partial<Selection>) => void;
}

/** One site: its series, the fan of the chosen one, and where that forecast comes from. */
export function SiteView({ row, live, nowMs, selection, rpcUrl, onSelect }: Props) {
  const views = Object.values(live.series)
    .filter((view) => view.site_id === row.siteId)
    .sort((a, b) => order(a, row) - order(b, row) || a.series_id.localeCompare(b.series_id));
  const view = views.find((one) => one.series_id === selection.series) ?? row.primary;
  if (!view) {
    return (
      <Notice title={`${row.name} has no forecast yet`}>
        Its history is on the way through the same path as live data. The first forecast comes with the next
        slot.
      </Notice>
    );
  }
  return (
    <div className="flex flex-col gap-3">
      <div className="card p-3">
        <div className="flex flex-wrap items-baseline justify-between gap-x-4">
          <h2 className="font-semibold text-lg" data-testid="site-title">
            {row.name}
          </h2>
          <p className="text-2xs text-muted">
            {row.region || "region unknown"} · {row.timezone}
          </p>
        </div>
        <SeriesTabs onSelect={(series) => onSelect({ series })} selected={view.series_id} views={views} />
        {row.stale ? <StaleNotice nowMs={nowMs} view={view} /> : null}
        <Fan live={live} nowMs={nowMs} onSelect={onSelect} row={row} selection={selection} view={view} />
      </div>
      <div className="grid grid-cols-1 gap-3 md:grid-cols-2">
        <ForecastFacts nowMs={nowMs} view={view} />
        <SealPanel rpcUrl={rpcUrl} seal={live.seals[view.run_id] ?? view.seal} view={view} />
      </div>
    </div>
  );
}

function order(view: SeriesForecastView, row: SiteRow): number {
  return view.series_id === row.primary?.series_id ? 0 : 1;
}

function StaleNotice({ view, nowMs }: { view: SeriesForecastView; nowMs: number }) {
  return (
    <div className="my-2">
      <Notice title="This forecast is old" tone="warn">
        Issued {duration((nowMs - Date.parse(view.issued_at)) / 1000)} ago, later runs are missing. Look at
        forecast-service and its worker: <code className="font-mono">gridseal status</code>
      </Notice>
    </div>
  );
}

interface FanProps {
  view: SeriesForecastView;
  row: SiteRow;
  live: LiveState;
  nowMs: number;
  selection: Selection;
  onSelect: (change: Partial<Selection>) => void;
}

function Fan({ view, row, live, nowMs, selection, onSelect }: FanProps) {
  const zone = knownZone(row.timezone);
  const earlier = live.earlier[view.series_id];
  const picture = useMemo(() => {
    const data = fanData(view, earlier ?? [], { nowMs, backHours: selection.back });
    const scale = scaleFor(view.unit, largestMilli(data));
    return {
      data,
      unit: view.unit,
      scale,
      zone,
      nowS: nowMs / 1000,
      gateS: Date.parse(view.gate_closure) / 1000,
    };
  }, [view, earlier, nowMs, selection.back, zone]);
  return (
    <div aria-labelledby={`tab-${view.series_id.replace("/", "-")}`} id="series-panel" role="tabpanel">
      <div className="flex flex-wrap items-end justify-between gap-x-4 gap-y-2 py-1.5">
        <Headline nowMs={nowMs} seal={live.seals[view.run_id] ?? view.seal} view={view} zone={zone} />
        <ChartTools onSelect={onSelect} selection={selection} />
      </div>
      <figure>
        {selection.mode === "table" ? (
          <FanTable levels={view.levels_bps} name={view.name} picture={picture} />
        ) : (
          <FanChart
            description={describe(view, picture.scale, nowMs, zone)}
            key={`${view.series_id} ${zone}`}
            levels={view.levels_bps}
            picture={picture}
          />
        )}
        <figcaption className="mt-2">
          <p className="sr-only">
            {view.name}, mean power per period of {duration(view.resolution_s)}
          </p>
          {selection.mode === "chart" ? <FanLegend data={picture.data} /> : null}
          <p className="mt-1 text-2xs text-muted">{view.attribution || row.attribution}</p>
        </figcaption>
      </figure>
    </div>
  );
}
