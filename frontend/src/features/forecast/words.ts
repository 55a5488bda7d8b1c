/** Quantiles said so that nobody has to know the word. */
import { formatValue, type Scale } from "@/lib/units";
import type { Point } from "@/lib/wire";

const NUMBERS: Record<string, string> = { "1/2": "half" };

function fraction(bps: number): string {
  for (const whole of [2, 4, 10, 20, 100, 1000, 10_000]) {
    const part = (bps * whole) / 10_000;
    if (Number.isInteger(part)) return NUMBERS[`${part}/${whole}`] ?? `${part} of ${whole}`;
  }
  return `${bps} of 10000`;
}

/** `9 of 10 outcomes below`, `half of the outcomes below`. */
export function levelInWords(bps: number): string {
  const share = fraction(bps);
  return share === "half" ? "half of the outcomes below" : `${share} outcomes below`;
}

/** `9 of 10 outcomes in here`, for a band that holds this share. */
export function shareInWords(shareBps: number): string {
  const share = shareBps === 8000 ? "8 of 10" : fraction(shareBps);
  return share === "half" ? "half of the outcomes" : `${share} outcomes`;
}

export function valueAt(point: Point, levels: readonly number[], bps: number): number | null {
  const index = levels.indexOf(bps);
  return index < 0 ? null : (point.values_milli[index] ?? null);
}

/** `9 of 10 outcomes below 42.0 kW`; for the tooltip. */
export function belowInWords(
  point: Point,
  levels: readonly number[],
  bps: number,
  scale: Scale,
): string | null {
  const value = valueAt(point, levels, bps);
  return value === null ? null : `${levelInWords(bps)} ${formatValue(value, scale)}`;
}

export const KIND_NAMES: Readonly<Record<string, string>> = {
  wind: "Wind",
  pv: "Solar plant",
  home_load: "Home load",
  home_pv: "Home solar",
  home_net: "Home net",
  household: "Household",
  storage: "Storage",
  weather: "Weather",
};

export const RUNGS: readonly { short: string; long: string }[] = [
  { short: "Full inputs", long: "All inputs were there: telemetry and weather." },
  { short: "No weather", long: "Made without weather inputs; bands are wider." },
  { short: "Stale telemetry", long: "The newest measurements were old; bands are wider." },
  { short: "Similar past days", long: "Made from similar past situations, not by the trained model." },
  { short: "Last stored forecast", long: "Nothing new could be computed; this is the last stored forecast." },
];

export const MODELS: Readonly<Record<string, string>> = {
  lstm: "Neural network (LSTM)",
  reference: "Reference of the kind",
  analogue: "Analogue ensemble",
};

export const DIRECTIONS = {
  into_grid: "Positive: power into the grid",
  from_grid: "Positive: power drawn from the grid",
  none: "",
} as const;
