"use client";
import { useCallback, useMemo, useState } from "react";
import { useRoom } from "@/app-shell/room";
import { getAll } from "@/lib/api";
import { formatAlone, formatPercent } from "@/lib/units";
import { useAddress } from "@/lib/use-address";
import { usePolled } from "@/lib/use-polled";
import { Choice } from "@/ui/choice";
import type { Column } from "@/ui/column";
import { DataTable } from "@/ui/data-table";
import { PageHead } from "@/ui/page-head";
import { Panel } from "@/ui/panel";
import { kindOf, State } from "@/ui/state";
import { assetWords } from "@/words/assets";
import { useWords } from "@/words/use-words";
import { AssetDetail, Energy, Share } from "./asset-detail";
import { type AssetRow, assetRows } from "./rows";
import { Asset, AssetPerformance, AssetQuality } from "./wire";

const WINDOWS = ["PT6H", "PT24H", "P7D"] as const;
const LOW_AVAILABILITY = 0.9;
const LOW_BELIEVED = 0.98;

/** Every device and plant: forecast against measurement, availability, quality, energy today, and its data sheet. */
export function AssetsPage() {
  const words = useWords(assetWords);
  const room = useRoom();
  const [span, setSpan] = useAddress("window", "PT24H");
  const [site, setSite] = useAddress("site", "");
  const [type, setType] = useAddress("type", "");
  const [open, setOpen] = useAddress("asset", "");
  const [turn, setTurn] = useState(0);
  const load = useCallback(
    async (signal: AbortSignal) => {
      const [assets, performance, quality] = await Promise.all([
        getAll("/api/v1/assets?limit=500", Asset, signal),
        getAll(`/api/v1/assets/performance?window=${span}`, AssetPerformance, signal),
        getAll(`/api/v1/assets/quality?window=${span}`, AssetQuality, signal),
      ]);
      return { span, turn, assets: assets.kept, performance: performance.kept, quality: quality.kept };
    },
    [span, turn],
  );
  const { data, problem } = usePolled(load, 20_000);
  const sites = useMemo(() => room.catalog.data?.sites ?? [], [room.catalog.data]);
  const rows = useMemo(() => {
    const names = new Map(sites.map((one) => [one.site_id, one.name]));
    const all = data ? assetRows(data.assets, data.performance, data.quality, names) : [];
    return all.filter(
      (row) => (!site || row.asset.site_id === site) && (!type || row.asset.asset_type === type),
    );
  }, [data, sites, site, type]);
  const chosen = rows.find((row) => row.asset.asset_id === open) ?? null;
  const again = () => setTurn((old) => old + 1);
  const types = [...new Set((data?.assets ?? []).map((one) => one.asset_type))].sort();
  return (
    <div className="flex flex-col gap-3">
      <PageHead
        actions={
          <>
            <Choice
              label={words.window}
              onChoose={setSpan}
              options={WINDOWS.map((value) => ({ value, name: words.windows[value] }))}
              value={span}
            />
            <Choice
              label={words.site}
              onChoose={setSite}
              options={[
                { value: "", name: words.all },
                ...sites.map((one) => ({ value: one.site_id, name: one.name })),
              ]}
              value={site}
            />
            <Choice
              label={words.type}
              onChoose={setType}
              options={[
                { value: "", name: words.all },
                ...types.map((value) => ({ value, name: words.types[value] ?? value })),
              ]}
              value={type}
            />
          </>
        }
        text={words.text}
        title={words.title}
      />
      {problem ? <State kind={data ? "stale" : kindOf(problem)} onRetry={again} problem={problem} /> : null}
      {data === null && !problem ? <State kind="loading" /> : null}
      {data && rows.length === 0 ? (
        <State kind={data.assets.length === 0 ? "first-run" : "empty"} title={words.none.title}>
          {words.none.text}
        </State>
      ) : null}
      {data && rows.length > 0 ? (
        <div
          className={`grid grid-cols-1 items-start gap-3 ${chosen ? "xl:grid-cols-[minmax(0,1fr)_23rem]" : ""}`}
        >
          <Panel
            flush
            note={words.counted(rows.length, words.windows[span as keyof typeof words.windows] ?? span)}
            testId="assets"
            title={words.panel}
          >
            <Table onOpen={setOpen} open={open} rows={rows} />
          </Panel>
          {chosen ? (
            <Panel className="xl:sticky xl:top-0" flush title={chosen.asset.name}>
              <AssetDetail
                key={chosen.asset.asset_id}
                onDone={again}
                row={chosen}
                zone={sites.find((one) => one.site_id === chosen.asset.site_id)?.timezone}
              />
            </Panel>
          ) : null}
        </div>
      ) : null}
    </div>
  );
}

function Table({
  rows,
  open,
  onOpen,
}: {
  rows: readonly AssetRow[];
  open: string;
  onOpen: (id: string) => void;
}) {
  const words = useWords(assetWords);
  const t = words.columns;
  const columns = useMemo((): Column<AssetRow>[] => {
    const watts = (key: string, name: string, value: (r: AssetRow) => number | null): Column<AssetRow> => ({
      key,
      name,
      numeric: true,
      value,
      show: (r) => {
        const found = value(r);
        return found === null ? "—" : formatAlone(found * 1_000, "W");
      },
    });
    return [
      { key: "name", name: t.asset, value: (r) => r.asset.name },
      { key: "site", name: words.site, value: (r) => r.siteName },
      {
        key: "asset_type",
        name: words.type,
        value: (r) => words.types[r.asset.asset_type] ?? r.asset.asset_type,
      },
      watts("mean_actual_w", t.actual, (r) => r.performance?.mean_actual_w ?? null),
      watts("mae_w", t.mae, (r) => r.performance?.mae_w ?? null),
      {
        key: "deviation_ratio",
        name: t.deviation,
        numeric: true,
        value: (r) => r.performance?.deviation_ratio ?? null,
        show: (r) =>
          r.performance?.deviation_ratio == null ? "—" : formatPercent(r.performance.deviation_ratio, 1),
      },
      { key: "periods", name: t.periods, numeric: true, value: (r) => r.performance?.periods ?? 0 },
      {
        key: "availability_ratio",
        name: t.availability,
        numeric: true,
        value: (r) => r.performance?.availability_ratio ?? null,
        show: (r) => <Share low={LOW_AVAILABILITY} value={r.performance?.availability_ratio ?? null} />,
      },
      {
        key: "believed_ratio",
        name: t.believed,
        numeric: true,
        value: (r) => r.believed,
        show: (r) => <Share low={LOW_BELIEVED} value={r.believed} />,
      },
      { key: "readings", name: t.readings, numeric: true, value: (r) => r.quality?.readings ?? null },
      {
        key: "energy_today_wh",
        name: t.energy,
        numeric: true,
        value: (r) => r.quality?.energy_today_wh ?? null,
        show: (r) => <Energy wh={r.quality?.energy_today_wh ?? null} />,
      },
    ];
  }, [words, t]);
  return (
    <DataTable
      caption={words.panel}
      columns={columns}
      file="assets"
      height="max-h-[70vh]"
      onOpen={(r) => onOpen(r.asset.asset_id)}
      rowKey={(r) => r.asset.asset_id}
      rows={rows}
      selected={open || null}
    />
  );
}
