"use client";
import { useState } from "react";
import type { Selection } from "@/features/control-room/selection";
import { SealPanel } from "@/features/seals/seal-panel";
import type { SiteRow } from "@/features/sites/site-rows";
import type { LiveState } from "@/lib/live-state";
import { knownZone } from "@/lib/time";
import type { SeriesForecastView } from "@/lib/wire";
import { State } from "@/ui/state";
import { liveWords } from "@/words/live";
import { useWords } from "@/words/use-words";
import { Fan } from "./fan";
import { ForecastFacts } from "./forecast-facts";
import { OtherSeries } from "./other-series";
import { SeriesTabs } from "./series-tabs";

interface Props {
  row: SiteRow;
  live: LiveState;
  nowMs: number;
  selection: Selection;
  rpcUrl: string;
  onSelect: (change: Partial<Selection>) => void;
}

/** One site: its series, the fan of the chosen one, the others beside it, and where that forecast comes from. */
export function SiteView({ row, live, nowMs, selection, rpcUrl, onSelect }: Props) {
  const words = useWords(liveWords);
  const [cursorS, setCursorS] = useState<number | null>(null);
  const views = Object.values(live.series)
    .filter((view) => view.site_id === row.siteId)
    .sort((a, b) => order(a, row) - order(b, row) || a.series_id.localeCompare(b.series_id));
  const view = views.find((one) => one.series_id === selection.series) ?? row.primary;
  if (!view) {
    return (
      <State kind="first-run" title={words.waiting.noneYet(row.name)}>
        {words.facts.firstText}
      </State>
    );
  }
  const shared = { cursorS, live, nowMs, onCursor: setCursorS, onSelect, row, selection };
  return (
    <div className="flex flex-col gap-3">
      <div className="card p-3">
        <div className="flex flex-wrap items-baseline justify-between gap-x-4">
          <h2 className="font-semibold text-lg" data-testid="site-title">
            {row.name}
          </h2>
          <p className="text-2xs text-muted">
            {row.region || words.list.unknownRegion} · {row.timezone}
          </p>
        </div>
        <SeriesTabs onSelect={(series) => onSelect({ series })} selected={view.series_id} views={views} />
        {row.stale ? <Stale nowMs={nowMs} view={view} /> : null}
        <Fan {...shared} view={view} zone={knownZone(row.timezone)} />
      </div>
      <OtherSeries
        {...shared}
        views={views.filter((one) => one.series_id !== view.series_id)}
        zone={knownZone(row.timezone)}
      />
      <div className="wall-hidden grid grid-cols-1 gap-3 md:grid-cols-2">
        <ForecastFacts nowMs={nowMs} view={view} />
        <SealPanel rpcUrl={rpcUrl} seal={live.seals[view.run_id] ?? view.seal} view={view} />
      </div>
    </div>
  );
}

function order(view: SeriesForecastView, row: SiteRow): number {
  return view.series_id === row.primary?.series_id ? 0 : 1;
}

function Stale({ view, nowMs }: { view: SeriesForecastView; nowMs: number }) {
  const words = useWords(liveWords).facts;
  return (
    <div className="my-2">
      <State ageS={(nowMs - Date.parse(view.issued_at)) / 1000} kind="stale" title={words.stale}>
        {words.staleText}
      </State>
    </div>
  );
}
