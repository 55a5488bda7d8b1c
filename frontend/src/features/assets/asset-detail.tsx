"use client";
import Link from "next/link";
import { useLoaded, WhenLoaded } from "@/features/charts/loaded";
import { dayAndTime, knownZone } from "@/lib/time";
import { formatAlone, formatCount, formatNumber, formatPercent } from "@/lib/units";
import { Fact } from "@/ui/fact";
import { Pill } from "@/ui/pill";
import { assetWords } from "@/words/assets";
import { useWords } from "@/words/use-words";
import { AssetForm } from "./asset-form";
import { type AssetRow, energyScale } from "./rows";
import { AssetHistory } from "./wire";

interface Props {
  row: AssetRow;
  zone: string | undefined;
  onDone: () => void;
}

/** One asset: how it did, what it sent, and what is said of it. */
export function AssetDetail({ row, zone, onDone }: Props) {
  const words = useWords(assetWords);
  const { asset, performance, quality } = row;
  const history = useLoaded(
    `/api/v1/assets/${encodeURIComponent(asset.asset_id)}/history`,
    AssetHistory,
    30_000,
  );
  const watts = (value: number | null) => (value === null ? "—" : formatAlone(value * 1_000, "W"));
  const t = words.columns;
  return (
    <div className="space-y-3 p-3" data-testid="asset-detail">
      <div className="flex flex-wrap gap-2">
        <Pill tone="quiet">{words.types[asset.asset_type] ?? asset.asset_type}</Pill>
        {asset.simulated ? <Pill tone="warn">{words.simulated}</Pill> : null}
      </div>
      <dl>
        <Fact name={words.device}>{asset.device_id}</Fact>
        <Fact name={t.actual}>{watts(performance?.mean_actual_w ?? null)}</Fact>
        <Fact name={t.forecast}>{watts(performance?.mean_forecast_w ?? null)}</Fact>
        <Fact name={t.mae}>{watts(performance?.mae_w ?? null)}</Fact>
        <Fact name={t.bias}>{watts(performance?.bias_w ?? null)}</Fact>
        <Fact name={t.periods}>{formatCount(performance?.periods ?? 0)}</Fact>
        {quality ? (
          <>
            <Fact name={t.readings}>{formatCount(quality.readings)}</Fact>
            <Fact name={words.suspect}>{formatCount(quality.suspect)}</Fact>
            <Fact name={words.bad}>{formatCount(quality.bad)}</Fact>
            {Object.entries(quality.refused).map(([reason, n]) => (
              <Fact key={reason} name={words.refusedFor(reason)}>
                {formatCount(n)}
              </Fact>
            ))}
            {Object.entries(quality.hits).map(([rule, n]) => (
              <Fact key={rule} name={words.foundBy(rule)}>
                {formatCount(n)}
              </Fact>
            ))}
            <Fact name={words.newest}>
              {quality.newest_reading_end
                ? `${dayAndTime(Date.parse(quality.newest_reading_end), knownZone(zone))}`
                : "—"}
            </Fact>
          </>
        ) : null}
      </dl>
      <Link
        className="inline-block font-medium text-accent text-xs underline underline-offset-2"
        href={`/?site=${asset.site_id}${performance ? `&series=${performance.series_id}` : ""}`}
      >
        {words.openLive}
      </Link>
      <WhenLoaded of={history}>
        {(data) => (
          <>
            <AssetForm
              asset={asset}
              key={`${asset.asset_id}-${data.revision}`}
              onDone={() => {
                history.retry();
                onDone();
              }}
              revision={data.revision}
            />
            {data.items.length > 0 ? (
              <div>
                <p className="label mb-1">{words.history}</p>
                <ol className="space-y-1 border-line border-l-2 pl-3 text-xs">
                  {[...data.items].reverse().map((line) => (
                    <li key={line.at}>
                      <span className="text-muted">
                        {dayAndTime(Date.parse(line.at), "UTC")} UTC · {words.by(line.by)}
                      </span>
                      <span className="block">
                        {Object.entries(line.changes)
                          .map(([name, value]) => `${name}: ${value ?? "—"}`)
                          .join(", ")}
                      </span>
                    </li>
                  ))}
                </ol>
              </div>
            ) : null}
          </>
        )}
      </WhenLoaded>
    </div>
  );
}

export function Energy({ wh }: { wh: number | null }) {
  if (wh === null) return <>—</>;
  const scale = energyScale(wh);
  return (
    <>
      {formatNumber(wh * scale.factor, scale.digits)} {scale.unit}
    </>
  );
}

/** A share with a bar beside it, so that a column can be run over with the eye. */
export function Share({ value, low }: { value: number | null; low: number }) {
  if (value === null) return <>—</>;
  return (
    <span className="inline-flex items-center justify-end gap-2">
      <span aria-hidden="true" className="hidden h-1.5 w-14 overflow-hidden rounded-full bg-raised sm:block">
        <span
          className={`block h-full ${value < low ? "bg-warn" : "bg-ok"}`}
          style={{ width: `${Math.max(0, Math.min(1, value)) * 100}%` }}
        />
      </span>
      <span className={`min-w-13 ${value < low ? "text-warn" : ""}`}>{formatPercent(value, 1)}</span>
    </span>
  );
}
