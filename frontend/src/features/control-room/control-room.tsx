"use client";
import dynamic from "next/dynamic";
import { useEffect, useMemo } from "react";
import { useRoom } from "@/app-shell/room";
import { useKeys } from "@/app-shell/use-keys";
import { SiteList } from "@/features/sites/site-list";
import { siteRows } from "@/features/sites/site-rows";
import { Tiles } from "@/features/summary/tiles";
import { useDomainNow } from "@/lib/use-now";
import { State } from "@/ui/state";
import { liveWords } from "@/words/live";
import { useWords } from "@/words/use-words";
import { Hints } from "./hints";
import { RecentAlerts } from "./recent-alerts";
import type { Selection, Show } from "./selection";
import { useSelection } from "./use-selection";
import { Waiting } from "./waiting";

/** Charts need data, so their code comes while the data does. */
const loadSiteView = () => import("@/features/forecast/site-view");
const SiteView = dynamic(() => loadSiteView().then((file) => file.SiteView), {
  loading: () => <State kind="loading" />,
});

/** The map and its table: loaded when the fleet is looked at. */
const FleetView = dynamic(() => import("@/features/fleet/fleet-view").then((file) => file.FleetView), {
  loading: () => <State kind="loading" />,
});

/** The live page: sites, the chosen site's forecast and seal, alerts, and the state of the whole. */
export function ControlRoom({ initial }: { initial: Selection }) {
  const words = useWords(liveWords);
  const room = useRoom();
  const [selection, select] = useSelection(initial);
  const nowMs = useDomainNow(room.clock, 1_000);
  const catalog = room.catalog.data ?? { sites: [], series: [] };
  const rows = siteRows(catalog.sites, catalog.series, room.live.data, nowMs);
  const row = rows.find((one) => one.siteId === selection.site) ?? rows[0] ?? null;
  const openSite = (site: string, series: string | null = null) =>
    select({ site, series, range: null, show: "site" });
  const ready = row?.primary && nowMs !== null;
  const fleet = selection.show === "fleet";
  useEffect(() => {
    // Where it cannot be fetched now, showing it tries again and says so.
    if (!fleet) loadSiteView().catch(() => undefined);
  }, [fleet]);
  const alerts = <RecentAlerts alerts={room.live.data.alerts} nowMs={nowMs} onOpen={openSite} />;
  return (
    <div className="flex flex-col gap-3 lg:h-full lg:min-h-0">
      <h1 className="sr-only">{words.title}</h1>
      <div className="flex flex-col gap-3 lg:flex-row lg:items-stretch">
        <ShowSwitch onShow={(show) => select({ show })} show={selection.show} />
        <div className="min-w-0 flex-1">
          <Tiles summary={room.summary.data} />
        </div>
      </div>
      {fleet ? (
        <div className="flex flex-col gap-3">
          <Hints room={room} />
          <FleetView
            nowMs={nowMs}
            onOpen={openSite}
            rows={rows}
            selected={row?.siteId ?? null}
            sites={catalog.sites}
          />
        </div>
      ) : (
        <div className="grid min-h-0 flex-1 grid-cols-1 gap-3 lg:grid-cols-[19rem_minmax(0,1fr)] lg:grid-rows-[minmax(0,1fr)] 2xl:grid-cols-[20rem_minmax(0,1fr)_21rem]">
          <SiteList nowMs={nowMs} onSelect={openSite} rows={rows} selected={row?.siteId ?? null} />
          <div className="flex min-h-0 min-w-0 flex-col gap-3 lg:overflow-y-auto">
            <Hints room={room} />
            {/* As high as the column from the start: what stands below does not move when the fan comes. */}
            <div className="flex shrink-0 flex-col gap-3 lg:min-h-full">
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
            </div>
            <div className="max-h-96 overflow-hidden *:max-h-96 2xl:hidden">{alerts}</div>
          </div>
          <div className="hidden min-h-0 *:max-h-full 2xl:flex 2xl:flex-col">{alerts}</div>
        </div>
      )}
    </div>
  );
}

/** One site or all of them; `f` turns. */
function ShowSwitch({ show, onShow }: { show: Show; onShow: (show: Show) => void }) {
  const words = useWords(liveWords);
  const other = show === "site" ? "fleet" : "site";
  useKeys(
    useMemo(
      () => [{ keys: ["f"], group: "here", name: words.chart.keysFleet, run: () => onShow(other) }],
      [words, other, onShow],
    ),
  );
  return (
    <fieldset className="card wall-hidden flex shrink-0 items-stretch overflow-hidden lg:flex-col">
      <legend className="sr-only">{words.chart.keysFleet}</legend>
      {(["site", "fleet"] as const).map((one) => (
        <button
          aria-keyshortcuts="f"
          aria-pressed={show === one}
          className={`min-h-8 flex-1 px-5 text-xs focus-visible:-outline-offset-2 ${
            show === one ? "bg-accent-soft font-semibold text-accent" : "text-muted hover:bg-raised"
          }`}
          data-testid={`show-${one}`}
          key={one}
          onClick={() => onShow(one)}
          type="button"
        >
          {words[one]}
        </button>
      ))}
    </fieldset>
  );
}
