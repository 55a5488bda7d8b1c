/** Which periods are painted together, and how each sort looks. Pure. */
import type { FanData } from "./fan-data";
import type { Part } from "./fan-thin";

type Column = readonly (number | null)[];

/** Stretches without a null. */
export function stretches(column: Column, from = 0, to = column.length): Part[] {
  const out: Part[] = [];
  for (let i = from; i < to; i += 1) {
    if (column[i] === null || column[i] === undefined) continue;
    const open = out.at(-1);
    if (open?.to === i) open.to = i + 1;
    else out.push({ from: i, to: i + 1 });
  }
  return out;
}

/** Settled solid, provisional dashed, measured in part dotted; CSS pixels. */
export const ACTUAL_DASHES: readonly (readonly number[])[] = [[], [6, 3], [2, 3]];
export const ACTUAL_WIDTH = 1.75;

/** For each of `ACTUAL_DASHES` the periods that look so. */
export function actualParts(data: FanData, seen: Part): Part[][] {
  const lookOf = (i: number) => (data.incomplete[i] ? 2 : data.provisional[i] ? 1 : 0);
  const parts: Part[][] = [[], [], []];
  for (const run of stretches(data.actual, seen.from, seen.to)) {
    let from = run.from;
    for (let i = run.from + 1; i <= run.to; i += 1) {
      if (i < run.to && lookOf(i) === lookOf(from)) continue;
      parts[lookOf(from)]?.push({ from, to: i });
      from = i;
    }
  }
  return parts;
}

const ALPHA = [0.18, 0.22, 0.3];

/** How strongly the band of this rank is painted, widest first. */
export function bandAlpha(rank: number): number {
  return ALPHA[Math.min(rank, ALPHA.length - 1)] ?? 0.2;
}

/** The newest run, and what earlier runs said of the time before it. */
export interface Told {
  part: Part;
  strength: number;
  medianWidth: number;
}

export function toldParts(data: FanData, seen: Part): readonly Told[] {
  const from = Math.min(Math.max(data.runFrom, seen.from), seen.to);
  return [
    { part: { from: seen.from, to: from }, strength: 0.55, medianWidth: 1.25 },
    { part: { from, to: seen.to }, strength: 1, medianWidth: 2 },
  ];
}
