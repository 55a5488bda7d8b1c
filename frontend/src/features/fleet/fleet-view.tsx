"use client";
import { useMemo } from "react";
import { SealBadge } from "@/features/seals/seal-badge";
import type { SiteRow } from "@/features/sites/site-rows";
import { duration } from "@/lib/time";
import { formatAlone, formatPercent } from "@/lib/units";
import type { Site } from "@/lib/wire";
import type { Column } from "@/ui/column";
import { DataTable } from "@/ui/data-table";
import { Panel } from "@/ui/panel";
import { State } from "@/ui/state";
import { liveWords } from "@/words/live";
import { useWords } from "@/words/use-words";
import { FleetMap } from "./fleet-map";

interface Props {
  sites: readonly Site[];
  rows: readonly SiteRow[];
  nowMs: number | null;
  selected: string | null;
  onOpen: (siteId: string) => void;
}

/** All sites at once: where they are, and what each does. The table is the map's twin. */
export function FleetView({ sites, rows, nowMs, selected, onOpen }: Props) {
  const words = useWords(liveWords).fleetView;
  const columns = useColumns(nowMs);
  return (
    <div className="grid items-start gap-3 min-[110rem]:grid-cols-[30rem_minmax(0,1fr)]" data-testid="fleet">
      <Panel note={words.mapNote} title={words.map}>
        <FleetMap onOpen={onOpen} rows={rows} selected={selected} sites={sites} />
      </Panel>
      <Panel flush title={words.table}>
        <DataTable
          caption={words.table}
          columns={columns}
          empty={
            <div className="p-3">
              <State kind="first-run" title={words.empty} />
            </div>
          }
          file="gridseal-fleet"
          onOpen={(row) => onOpen(row.siteId)}
          parquetFrom="/api/v1/forecasts/latest"
          rowKey={(row) => row.siteId}
          rows={rows}
          selected={selected}
        />
      </Panel>
    </div>
  );
}

function useColumns(nowMs: number | null): Column<SiteRow>[] {
  const all = useWords(liveWords);
  return useMemo(() => {
    const words = all.fleetView.columns;
    const power = (milli: number | null | undefined, row: SiteRow) =>
      milli === null || milli === undefined || !row.primary ? "—" : formatAlone(milli, row.primary.unit);
    const base = (milli: number | null | undefined) =>
      milli === null || milli === undefined ? null : milli / 1000;
    const age = (row: SiteRow) =>
      row.now && nowMs !== null && row.primary
        ? Math.max(0, Math.round((nowMs - row.now.periodStartMs) / 1000 - row.primary.resolution_s))
        : null;
    const columns: Column<SiteRow>[] = [
      { key: "site", name: words.site, value: (row) => row.name },
      { key: "region", name: words.region, value: (row) => row.region || null },
      {
        key: "measured_w",
        name: words.now,
        numeric: true,
        value: (row) => base(row.now?.milli),
        show: (row) => power(row.now?.milli, row),
      },
      {
        key: "load_ratio",
        name: words.load,
        numeric: true,
        value: (row) => row.load,
        show: (row) => <Load load={row.load} />,
      },
      {
        key: "next_hour_median_w",
        name: words.next,
        numeric: true,
        value: (row) => base(row.nextHourMilli),
        show: (row) => <span className="text-accent">{power(row.nextHourMilli, row)}</span>,
      },
      {
        key: "capacity_w",
        name: words.capacity,
        numeric: true,
        value: (row) => row.primary?.capacity_w ?? null,
        show: (row) => (row.primary?.capacity_w ? formatAlone(row.primary.capacity_w * 1000, "W") : "—"),
      },
      {
        key: "rung",
        name: words.rung,
        value: (row) => row.primary?.rung ?? null,
        show: (row) =>
          row.primary ? (all.rungs[row.primary.rung]?.short ?? all.rung(row.primary.rung)) : "—",
      },
      {
        key: "data_age_s",
        name: words.age,
        numeric: true,
        value: age,
        show: (row) => {
          const seconds = age(row);
          if (seconds === null) return "—";
          return <span className={row.stale ? "font-medium text-warn" : ""}>{duration(seconds)}</span>;
        },
      },
      {
        key: "seal_state",
        name: words.seal,
        value: (row) => row.seal?.state ?? null,
        show: (row) => (row.primary ? <SealBadge seal={row.seal} /> : all.list.noForecast),
      },
    ];
    return columns;
  }, [all, nowMs]);
}

function Load({ load }: { load: number | null }) {
  if (load === null) return <>—</>;
  return (
    <span className="inline-flex items-center gap-2">
      <span aria-hidden="true" className="h-1.5 w-14 rounded-full bg-line">
        <span
          className="block h-1.5 rounded-full bg-accent"
          style={{ width: `${Math.round(load * 100)}%` }}
        />
      </span>
      <span className="w-10">{formatPercent(load)}</span>
    </span>
  );
}
