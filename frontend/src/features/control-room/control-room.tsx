"use client";
import { AlertList } from "@/features/alerts/alert-list";
import { SiteView } from "@/features/forecast/site-view";
import { SiteList } from "@/features/sites/site-list";
import { siteRows } from "@/features/sites/site-rows";
import { Tiles } from "@/features/summary/tiles";
import { useDomainNow } from "@/lib/use-now";
import { Header } from "./header";
import { Hints } from "./hints";
import type { Selection } from "./selection";
import { type ControlRoomData, useControlRoom } from "./use-control-room";
import { useSelection } from "./use-selection";
import { Waiting } from "./waiting";

interface Props {
  initial: Selection;
  development: boolean;
}

/** The one page: sites, the chosen site's forecast and seal, alerts, and the state of the whole. */
export function ControlRoom({ initial, development }: Props) {
  const room = useControlRoom();
  const [selection, select] = useSelection(initial);
  const nowMs = useDomainNow(room.clock, 1_000);
  const catalog = room.catalog.data ?? { sites: [], series: [] };
  const rows = siteRows(catalog.sites, catalog.series, room.live.data, nowMs);
  const row = rows.find((one) => one.siteId === selection.site) ?? rows[0] ?? null;
  const openSite = (site: string, series: string | null = null) => select({ site, series });
  const ready = row?.primary && nowMs !== null;
  return (
    <div className="flex min-h-dvh flex-col lg:h-dvh">
      <Header
        clock={room.clock}
        connection={room.live.connection}
        development={development}
        onRetry={room.retry}
        subtitle={subtitleOf(room)}
      />
      <main className="flex min-h-0 flex-1 flex-col gap-3 p-3">
        <Tiles summary={room.summary.data} />
        <div className="grid min-h-0 flex-1 grid-cols-1 gap-3 lg:grid-cols-[19rem_minmax(0,1fr)] lg:grid-rows-[minmax(0,1fr)] 2xl:grid-cols-[20rem_minmax(0,1fr)_21rem]">
          <SiteList nowMs={nowMs} onSelect={openSite} rows={rows} selected={row?.siteId ?? null} />
          <div className="flex min-h-0 min-w-0 flex-col gap-3 lg:overflow-y-auto">
            <Hints room={room} />
            {ready ? (
              <SiteView
                live={room.live.data}
                nowMs={nowMs}
                onSelect={select}
                row={row}
                rpcUrl={room.config?.rpc_url ?? "http://127.0.0.1:28545"}
                selection={selection}
              />
            ) : (
              <Waiting room={room} siteName={row?.name ?? null} />
            )}
            <div className="max-h-96 overflow-hidden *:max-h-96 2xl:hidden">
              <AlertList alerts={room.live.data.alerts} nowMs={nowMs} onOpen={openSite} />
            </div>
          </div>
          <div className="hidden min-h-0 *:max-h-full 2xl:flex 2xl:flex-col">
            <AlertList alerts={room.live.data.alerts} nowMs={nowMs} onOpen={openSite} />
          </div>
        </div>
      </main>
    </div>
  );
}

function subtitleOf(room: ControlRoomData): string {
  const { summary, catalog } = room;
  const sites = catalog.data?.sites.length ?? summary.data?.sites;
  if (sites === undefined) return "Sealed forecasts";
  const series = summary.data?.series;
  return `Sealed forecasts · ${sites} sites${series ? ` · ${series} series` : ""}`;
}
