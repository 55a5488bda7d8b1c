"use client";
import type { Connection } from "@/lib/live";
import type { ClockAnchor } from "@/lib/live-state";
import { clockTime, longDay } from "@/lib/time";
import { useDomainNow } from "@/lib/use-now";
import { ConnectionPill } from "./connection-pill";

interface Props {
  clock: ClockAnchor | null;
  connection: Connection;
  development: boolean;
  subtitle: string;
  onRetry: () => void;
}

export function Header({ clock, connection, development, subtitle, onRetry }: Props) {
  return (
    <header className="border-line border-b bg-surface">
      {development ? (
        <p className="bg-warn-soft px-3 py-0.5 text-center text-2xs text-warn" data-testid="dev-banner">
          Development mode: no login, loopback only
        </p>
      ) : null}
      <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-2 px-3 py-2">
        <div className="flex items-center gap-2.5">
          <Mark />
          <div>
            <h1 className="font-semibold text-base leading-5">Gridseal</h1>
            <p className="text-2xs text-muted">{subtitle}</p>
          </div>
        </div>
        <DomainClock clock={clock} />
        <ConnectionPill connection={connection} onRetry={onRetry} />
      </div>
    </header>
  );
}

function DomainClock({ clock }: { clock: ClockAnchor | null }) {
  const now = useDomainNow(clock, 250);
  const lapse = clock && clock.scale !== 1 ? `time-lapse ×${clock.scale}` : "real time";
  return (
    <div className="flex items-baseline gap-2.5" data-testid="domain-clock">
      <span className="font-semibold text-xl leading-6">
        {now === null ? "––:––" : clockTime(now, "UTC")}
      </span>
      <span className="text-muted text-xs">
        {now === null ? "waiting for the clock" : `UTC · ${longDay(now, "UTC")} · ${lapse}`}
      </span>
    </div>
  );
}

function Mark() {
  return (
    <svg aria-hidden="true" className="size-7" viewBox="0 0 32 32">
      <rect fill="var(--accent)" height="32" rx="7" width="32" />
      <path
        d="M4 21c4 0 5-8 9-8s4 4 7 4"
        fill="none"
        stroke="var(--surface)"
        strokeLinecap="round"
        strokeWidth="2.6"
      />
      <path d="M20 17 28 9v16z" fill="var(--surface)" fillOpacity=".55" />
      <path d="M20 17 28 13v8z" fill="var(--surface)" />
    </svg>
  );
}
