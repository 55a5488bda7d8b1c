/**
 * What of a column of periods can be told apart on the screen: where several share a pixel, the least and the most in
 * each pixel stand for them, so that no peak is lost and a year costs no more to paint than a day. Pure.
 */

type Column = readonly (number | null)[];

/** Periods of one grid as `[from, to)`. */
export interface Part {
  from: number;
  to: number;
}

/** Where a grid of periods lies on the screen: period `i` begins at pixel `(i - first) / perPixel`. */
export interface Place {
  first: number;
  perPixel: number;
}

/** One entry for each pixel from `left` on; NaN where there is no value. */
export interface Pixels {
  left: number;
  low: Float64Array;
  high: Float64Array;
}

/** The least of one column and the most of another (or the same) in each pixel that a part covers. */
export function pixelsOf(low: Column, high: Column, part: Part, { first, perPixel }: Place): Pixels {
  const left = Math.floor((part.from - first) / perPixel);
  const count = part.to > part.from ? Math.floor((part.to - 1 - first) / perPixel) - left + 1 : 0;
  const least = new Float64Array(count).fill(Number.NaN);
  const most = new Float64Array(count).fill(Number.NaN);
  let i = part.from;
  for (let at = 0; at < count; at += 1) {
    const end = Math.min(part.to, Math.ceil(first + (left + at + 1) * perPixel));
    let [min, max] = [Infinity, -Infinity];
    for (; i < end; i += 1) {
      const below = low[i];
      const above = high[i];
      if (below !== null && below !== undefined && below < min) min = below;
      if (above !== null && above !== undefined && above > max) max = above;
    }
    if (min > max) continue;
    least[at] = min;
    most[at] = max;
  }
  return { left, low: least, high: most };
}

/** Indices of the periods of which something is seen between two moments. */
export function within(starts: readonly number[], fromS: number, toS: number): Part {
  const last = Math.max(0, starts.length - 1);
  const from = Math.max(0, firstAfter(starts, fromS) - 1);
  return { from: Math.min(from, last), to: Math.min(firstAfter(starts, toS), last) };
}

/** Index of the first start after a moment. */
function firstAfter(starts: readonly number[], seconds: number): number {
  let [low, high] = [0, starts.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? Infinity) <= seconds) low = middle + 1;
    else high = middle;
  }
  return low;
}
