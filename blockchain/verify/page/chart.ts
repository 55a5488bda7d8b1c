// A forecast drawn as bands of equal probability, and its values as text.

import { utc } from "../src/check.ts";
import type { Forecast } from "../src/proof_file.ts";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 720;
const HEIGHT = 200;
const EDGE = { left: 74, right: 8, top: 8, bottom: 22 };

type Place = readonly [x: number, y: number];

/** A value in thousandths as text with its unit, exact. */
export function inUnit(milli: bigint, unit: string): string {
  const size = milli < 0n ? -milli : milli;
  const digits = (size % 1000n).toString().padStart(3, "0").replace(/0+$/, "");
  const whole = (size / 1000n).toString().replace(/\B(?=(\d{3})+$)/g, "\u202f");
  return `${milli < 0n ? "\u2212" : ""}${whole}${digits ? `.${digits}` : ""} ${unit}`;
}

/** "90 of 100 outcomes below", or of 10 000 where hundredths do not do. */
export function inWords(levelBps: bigint): string {
  return levelBps % 100n === 0n ? `${levelBps / 100n} of 100 below` : `${levelBps} of 10,000 below`;
}

/** The chart; undefined for a single period, which has no course to draw. */
export function fan(forecast: Forecast): SVGSVGElement | undefined {
  const points = [...forecast.points].sort((a, b) => (a.targetStart < b.targetStart ? -1 : 1));
  if (points.length < 2) return undefined;
  const all = points.flatMap((p) => p.valuesMilli.map(Number));
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const [first, last] = [Number(points[0]!.targetStart), Number(points.at(-1)!.targetStart)];
  const x = (seconds: bigint) => EDGE.left + ((Number(seconds) - first) / (last - first || 1)) * (WIDTH - EDGE.left - EDGE.right);
  const y = (milli: bigint) => EDGE.top + (1 - (Number(milli) - low) / (high - low || 1)) * (HEIGHT - EDGE.top - EDGE.bottom);
  const course = (level: number): Place[] => points.map((p) => [x(p.targetStart), y(p.valuesMilli[level]!)]);

  const svg = element("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": "Quantiles over time; all values stand in the table" });
  for (const edge of [EDGE.top, HEIGHT - EDGE.bottom]) {
    svg.append(element("line", { class: "axis", x1: EDGE.left, x2: WIDTH - EDGE.right, y1: edge, y2: edge }));
  }
  const levels = forecast.levelsBps.length;
  for (let i = 0; i < Math.floor(levels / 2); i++) {
    svg.append(element("polygon", { class: "band", points: [...course(i), ...course(levels - 1 - i).reverse()].join(" ") }));
  }
  const median = forecast.levelsBps.indexOf(5_000n);
  if (median >= 0) svg.append(element("polyline", { class: "median", points: course(median).join(" ") }));
  svg.append(
    label(EDGE.left - 6, EDGE.top + 10, "end", inUnit(BigInt(Math.round(high)), forecast.unit)),
    label(EDGE.left - 6, HEIGHT - EDGE.bottom, "end", inUnit(BigInt(Math.round(low)), forecast.unit)),
    label(EDGE.left, HEIGHT - 5, "start", utc(points[0]!.targetStart)),
    label(WIDTH - EDGE.right, HEIGHT - 5, "end", utc(points.at(-1)!.targetStart)),
  );
  return svg;
}

function element<K extends keyof SVGElementTagNameMap>(name: K, attributes: Record<string, string | number>): SVGElementTagNameMap[K] {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}

function label(x: number, y: number, anchor: string, content: string): SVGTextElement {
  const made = element("text", { x, y, "text-anchor": anchor });
  made.textContent = content;
  return made;
}
