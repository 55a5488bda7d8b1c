"use client";
import { clockTime, duration, shortDay } from "@/lib/time";
import type { Alert } from "@/lib/wire";
import { Pill, type Tone } from "@/ui/pill";
import { liveWords } from "@/words/live";
import { useWords } from "@/words/use-words";

const TONES: Record<Alert["severity"], Tone> = { critical: "bad", warning: "warn", info: "accent" };
const SHOWN = 60;

interface Props {
  alerts: readonly Alert[];
  nowMs: number | null;
  onOpen: (siteId: string, seriesId: string | null) => void;
}

/** What a dispatcher should know, newest first, as it comes in. */
export function RecentAlerts({ alerts, nowMs, onOpen }: Props) {
  const words = useWords(liveWords).alerts;
  const critical = alerts.filter((alert) => alert.severity === "critical").length;
  return (
    <section
      aria-labelledby="alerts-title"
      className="card flex min-h-0 flex-col overflow-hidden"
      data-testid="alerts"
    >
      <div className="flex items-center justify-between gap-2 border-line border-b px-3 py-2">
        <h2 className="font-semibold" id="alerts-title">
          {words.title}
        </h2>
        <span className="text-2xs text-muted">{words.count(alerts.length, critical)}</span>
      </div>
      <ul aria-live="polite" aria-relevant="additions" className="min-h-0 flex-1 overflow-y-auto">
        {alerts.slice(0, SHOWN).map((alert) => (
          <AlertItem alert={alert} key={alert.alert_id} nowMs={nowMs} onOpen={onOpen} />
        ))}
      </ul>
      {alerts.length === 0 ? <p className="p-4 text-center text-muted text-xs">{words.none}</p> : null}
    </section>
  );
}

function AlertItem({
  alert,
  nowMs,
  onOpen,
}: {
  alert: Alert;
  nowMs: number | null;
  onOpen: Props["onOpen"];
}) {
  const words = useWords(liveWords).alerts;
  const start = Date.parse(alert.period_start);
  const age = nowMs === null ? null : (nowMs - Date.parse(alert.raised_at)) / 1000;
  return (
    <li className="border-line border-b last:border-b-0">
      <button
        className="block w-full px-3 py-2 text-left hover:bg-raised focus-visible:-outline-offset-2"
        data-testid="alert"
        onClick={() => onOpen(alert.site_id, alert.subject.includes("/") ? alert.subject : null)}
        type="button"
      >
        <span className="flex items-center justify-between gap-2">
          <Pill tone={TONES[alert.severity]}>{words.severity[alert.severity]}</Pill>
          <span className="text-2xs text-muted">{age === null ? "" : words.ago(duration(age))}</span>
        </span>
        <span className="mt-1 block font-medium text-xs">
          {alert.title}
          {alert.count > 1 ? <span className="text-muted"> ×{alert.count}</span> : null}
        </span>
        <span className="block text-2xs text-muted">{alert.detail}</span>
        <span className="block text-2xs text-muted">
          {alert.subject} · {shortDay(start, "UTC")}, {clockTime(start, "UTC")}–
          {clockTime(Date.parse(alert.period_end), "UTC")} UTC
        </span>
      </button>
    </li>
  );
}
