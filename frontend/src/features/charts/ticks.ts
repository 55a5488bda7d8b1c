/** Names of moments under an axis, as long as the span needs. Domain time, UTC. */
import { clockTime, shortDay } from "@/lib/time";
import { formatNumber } from "@/lib/units";

const DAY_MS = 86_400_000;

/** Nothing between two minutes, whose names would be the same. */
export function clockTick(ms: number, spanMs: number): string {
  if (ms % 60_000 !== 0) return "";
  return spanMs > DAY_MS && ms % DAY_MS === 0 ? shortDay(ms, "UTC") : clockTime(ms, "UTC");
}

/** Digits that tell neighboring values of a scale apart. */
export function digitsFor(largest: number): number {
  const size = Math.abs(largest);
  if (size >= 100) return 0;
  if (size >= 10) return 1;
  return size >= 1 ? 2 : size >= 0.1 ? 3 : 4;
}

export const numberTick = (largest: number) => (value: number) => formatNumber(value, digitsFor(largest));
