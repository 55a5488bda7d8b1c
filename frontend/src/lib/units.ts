/** Values for people. They arrive as thousandths of the base unit and never stand without a unit. */
import { spokenLanguage } from "./locale";

export interface Scale {
  /** Multiply thousandths by this. */
  factor: number;
  unit: string;
  digits: number;
}

const NAMES: Record<string, string> = { Cel: "°C", "W/m2": "W/m²" };
const MINUS = "\u2212";

/** One scale for all values of a picture, chosen by the largest: numbers in a column stay comparable. */
export function scaleFor(unit: string, largestMilli: number): Scale {
  if (unit !== "W") return { factor: 1e-3, unit: NAMES[unit] ?? unit, digits: unit === "W/m2" ? 0 : 1 };
  const watts = Math.abs(largestMilli) / 1000;
  if (watts >= 1_000_000) return { factor: 1e-9, unit: "MW", digits: watts >= 100_000_000 ? 1 : 2 };
  if (watts >= 1_000)
    return { factor: 1e-6, unit: "kW", digits: watts >= 100_000 ? 0 : watts >= 10_000 ? 1 : 2 };
  return { factor: 1e-3, unit: "W", digits: 0 };
}

/** `−1.25`, in German `−1,25`, grouped by thin spaces; without unit, for columns that name it once. */
export function formatNumber(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits);
  const [whole = "0", fraction] = text.split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, "\u2009");
  const sign = value < 0 && Number(text) !== 0 ? MINUS : "";
  const mark = spokenLanguage() === "de" ? "," : ".";
  return sign + grouped + (fraction ? mark + fraction : "");
}

export function formatValue(milli: number, scale: Scale): string {
  return `${formatNumber(milli * scale.factor, scale.digits)} ${scale.unit}`;
}

/** A single value with a scale of its own. */
export function formatAlone(milli: number, unit: string): string {
  return formatValue(milli, scaleFor(unit, milli));
}

export function formatCount(value: number): string {
  return formatNumber(value, 0);
}

export function formatPercent(ratio: number, digits = 0): string {
  return `${formatNumber(ratio * 100, digits)} %`;
}
