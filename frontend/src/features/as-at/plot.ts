/** Scales of the small drawings of this page: pure. */

export interface Plane {
  x: (value: number) => number;
  y: (value: number) => number;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

export const MARGIN = { left: 52, right: 12, top: 10, bottom: 22 } as const;

export function planeOf(
  size: { width: number; height: number },
  x: readonly [number, number],
  y: readonly [number, number],
): Plane {
  const box = {
    left: MARGIN.left,
    right: Math.max(MARGIN.left + 1, size.width - MARGIN.right),
    top: MARGIN.top,
    bottom: size.height - MARGIN.bottom,
  };
  const along = (value: number, [from, to]: readonly [number, number], low: number, high: number) =>
    low + ((value - from) / (to - from || 1)) * (high - low);
  return {
    ...box,
    x: (value) => along(value, x, box.left, box.right),
    y: (value) => along(value, y, box.bottom, box.top),
  };
}

/** Round values between two ends, about as many as asked: 1, 2 or 5 times a power of ten apart. */
export function ticks([from, to]: readonly [number, number], about: number): number[] {
  const raw = (to - from) / Math.max(1, about);
  if (!(raw > 0)) return [from];
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5, 10].find((one) => one * power >= raw) ?? 10) * power;
  const out: number[] = [];
  for (let value = Math.ceil(from / step) * step; value <= to + step * 1e-9; value += step)
    out.push(Math.abs(value) < step * 1e-9 ? 0 : value);
  return out;
}

/** A little room above and below, and zero always in sight. */
export function withZero(values: readonly number[]): [number, number] {
  const low = Math.min(0, ...values);
  const high = Math.max(0, ...values);
  const pad = (high - low || 1) * 0.08;
  return [low < 0 ? low - pad : 0, high > 0 || low === 0 ? high + pad : 0];
}
