import { SealBadge } from "@/features/seals/seal-badge";
import { formatAlone } from "@/lib/units";
import type { SiteRow } from "./site-rows";
import { Sparkline } from "./sparkline";

/** One site in the list: who, what now of how much, what next, sealed or not. */
export function SiteLine({ row, nowMs }: { row: SiteRow; nowMs: number | null }) {
  const { primary } = row;
  return (
    <>
      <div className="flex items-center justify-between gap-2">
        <span className="min-w-0 truncate font-medium">{row.name}</span>
        {primary ? (
          <SealBadge seal={row.seal} />
        ) : (
          <span className="text-2xs text-muted">no forecast yet</span>
        )}
      </div>
      <div className="mt-0.5 flex items-end justify-between gap-2">
        <div className="min-w-0">
          <p className="truncate text-2xs text-muted">
            {row.region || "region unknown"}
            {row.stale ? <span className="font-medium text-warn"> · old forecast</span> : null}
          </p>
          <p className="whitespace-nowrap text-xs">
            <span className="inline-block min-w-18 font-semibold">
              {row.now && primary ? formatAlone(row.now.milli, primary.unit) : "—"}
            </span>
            <span className="text-muted"> → </span>
            <span className="text-accent" title="Median of the next hour">
              {row.nextHourMilli !== null && primary ? formatAlone(row.nextHourMilli, primary.unit) : "—"}
            </span>
          </p>
        </div>
        {primary && nowMs !== null ? <Sparkline nowMs={nowMs} view={primary} /> : null}
      </div>
      <LoadBar capacityW={primary?.capacity_w ?? null} load={row.load} />
    </>
  );
}

function LoadBar({ load, capacityW }: { load: number | null; capacityW: number | null }) {
  if (load === null || !capacityW) return <div className="mt-1 h-1" />;
  const words = `${Math.round(load * 100)} % of ${formatAlone(capacityW * 1000, "W")}`;
  return (
    <div className="mt-1 h-1 rounded-full bg-line" title={words}>
      <div className="h-1 rounded-full bg-accent" style={{ width: `${Math.round(load * 100)}%` }} />
      <span className="sr-only">{words}</span>
    </div>
  );
}
