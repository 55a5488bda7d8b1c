"use client";
import { useRoom } from "@/app-shell/room";
import { SiteView } from "@/features/forecast/site-view";
import { SiteList } from "@/features/sites/site-list";
import { siteRows } from "@/features/sites/site-rows";
import { Tiles } from "@/features/summary/tiles";
import { useDomainNow } from "@/lib/use-now";
import { Hints } from "./hints";
import { RecentAlerts } from "./recent-alerts";
import type { Selection } from "./selection";
import { useSelection } from "./use-selection";
import { Waiting } from "./waiting";

/** The live page: sites, the chosen site's forecast and seal, alerts, and the state of the whole. */
export function ControlRoom({ initial }: { initial: Selection }) {
  const room = useRoom();
  const [selection, select] = useSelection(initial);
  const nowMs = useDomainNow(room.clock, 1_000);
  const catalog = room.catalog.data ?? { sites: [], series: [] };
  const rows = siteRows(catalog.sites, catalog.series, room.live.data, nowMs);
  const row = rows.find((one) => one.siteId === selection.site) ?? rows[0] ?? null;
  const openSite = (site: string, series: string | null = null) => select({ site, series });
  const ready = row?.primary && nowMs !== null;
  return (
    <div className="flex flex-col gap-3 lg:h-full lg:min-h-0">
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
            <RecentAlerts alerts={room.live.data.alerts} nowMs={nowMs} onOpen={openSite} />
          </div>
        </div>
        <div className="hidden min-h-0 *:max-h-full 2xl:flex 2xl:flex-col">
          <RecentAlerts alerts={room.live.data.alerts} nowMs={nowMs} onOpen={openSite} />
        </div>
      </div>
    </div>
  );
}
