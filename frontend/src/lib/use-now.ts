"use client";
import { useEffect, useState } from "react";
import type { ClockAnchor } from "./live-state";
import { domainNowMs } from "./time";

/** Wall time, again every `everyMs`; null while the server renders, whose clock is not the reader's. */
export function useWallNow(everyMs: number): number | null {
  const [now, setNow] = useState<number | null>(null);
  useEffect(() => {
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

/** Domain time, as often as asked; null until a service has told it. */
export function useDomainNow(clock: ClockAnchor | null, everyMs = 1_000): number | null {
  const wall = useWallNow(everyMs);
  return clock && wall !== null ? domainNowMs(clock, Math.max(wall, clock.wallMs)) : null;
}
