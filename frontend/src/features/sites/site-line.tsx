"use client";
import { SealBadge } from "@/features/seals/seal-badge";
import { formatAlone, formatPercent } from "@/lib/units";
import { liveWords } from "@/words/live";
import { useWords } from "@/words/use-words";
import type { SiteRow } from "./site-rows";
import { Sparkline } from "./sparkline";

/** One site in the list: who, what now of how much, what next, sealed or not. */
export function SiteLine({ row, nowMs }: { row: SiteRow; nowMs: number | null }) {
  const words = useWords(liveWords).list;
  const { primary } = row;
  return (
    <>
      <div className="flex items-center justify-between gap-2">
        <span className="min-w-0 truncate font-medium">{row.name}</span>
        {primary ? (
          <SealBadge seal={row.seal} />
        ) : (
          <span className="text-2xs text-muted">{words.noForecast}</span>
        )}
      </div>
      <div className="mt-0.5 flex items-end justify-between gap-2">
        <div className="min-w-0">
          <p className="truncate text-2xs text-muted">
            {row.region || words.unknownRegion}
            {row.stale ? <span className="font-medium text-warn"> · {words.old}</span> : null}
          </p>
          <p className="whitespace-nowrap text-xs">
            <span className="inline-block min-w-18 font-semibold">
              {row.now && primary ? formatAlone(row.now.milli, primary.unit) : "—"}
            </span>
            <span className="text-muted"> → </span>
            <span className="text-accent" title={words.nextHour}>
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
  const words = useWords(liveWords).list;
  if (load === null || !capacityW) return <div className="mt-1 h-1" />;
  const said = words.load(formatPercent(load), formatAlone(capacityW * 1000, "W"));
  return (
    <div className="mt-1 h-1 rounded-full bg-line" title={said}>
      <div className="h-1 rounded-full bg-accent" style={{ width: `${Math.round(load * 100)}%` }} />
      <span className="sr-only">{said}</span>
    </div>
  );
}
