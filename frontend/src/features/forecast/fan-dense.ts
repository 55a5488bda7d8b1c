/**
 * A fan of which several periods share a pixel, one upright of each pixel beside the other: a path through ten thousand
 * periods takes a browser forty times as long, and shows the same.
 */
import type { Plane } from "./fan-draw";
import type { Pixels } from "./fan-thin";

/** Between the two columns of a band. */
export function fillPixels({ ctx, y, box, ratio }: Plane, pixels: Pixels): void {
  for (let i = 0; i < pixels.low.length; i += 1) {
    const top = Math.round(y(pixels.high[i] ?? Number.NaN));
    const bottom = Math.round(y(pixels.low[i] ?? Number.NaN));
    if (bottom >= top) ctx.fillRect(box.left + (pixels.left + i) * ratio, top, ratio, bottom - top);
  }
}

/** Along one column: each pixel from its least to its most, and on to the pixel before. `dash` in CSS pixels. */
export function linePixels(plane: Plane, pixels: Pixels, width: number, dash: readonly number[]): void {
  const { ctx, y, box, ratio } = plane;
  const [on = 1, off = 0] = dash;
  let [before, after] = [-Infinity, Infinity];
  for (let i = 0; i < pixels.low.length; i += 1) {
    const own = y(pixels.high[i] ?? Number.NaN);
    const ownEnd = y(pixels.low[i] ?? Number.NaN);
    const [top, bottom] = [Math.min(own, after), Math.max(ownEnd, before)];
    const known = !Number.isNaN(own);
    before = known ? own : -Infinity;
    after = known ? ownEnd : Infinity;
    const at = pixels.left + i;
    if (!known || (off > 0 && at % (on + off) >= on)) continue;
    const from = Math.round(top - (width * ratio) / 2);
    const height = Math.max(1, Math.round(bottom - top + width * ratio));
    ctx.fillRect(box.left + at * ratio, from, ratio, height);
  }
}
