/**
 * A fan of which several periods share a pixel, pixel by pixel: paths through ten thousand periods take a browser without
 * a graphics card fifty times as long, a thousand rectangles five times, and all show the same.
 */
import type { FanData } from "./fan-data";
import type { Plane, Theme } from "./fan-draw";
import { ACTUAL_DASHES, ACTUAL_WIDTH, actualParts, bandAlpha, toldParts } from "./fan-parts";
import { type Part, type Pixels, type Place, pixelsOf } from "./fan-thin";

/** Pixels as a canvas keeps them: `0xAABBGGRR`, row by row. */
export interface Sheet {
  width: number;
  height: number;
  words: Uint32Array;
}

export interface Inks {
  /** `0xBBGGRR`. */
  fan: number;
  actual: number;
}

interface Grid {
  place: Place;
  ratio: number;
  /** Row of a value, in canvas pixels from the top of the sheet. */
  row: (milli: number) => number;
}

/** Writes bands, median and measured values over an empty sheet. Pure but for the sheet. */
export function writeFan(sheet: Sheet, grid: Grid, data: FanData, seen: Part, inks: Inks): void {
  const { place } = grid;
  for (const { part, strength, medianWidth } of toldParts(data, seen)) {
    let cover = 0;
    data.bands.forEach((band, rank) => {
      // Nested, so what lies on the wider ones replaces them, with all that covers a pixel then.
      cover += (1 - cover) * bandAlpha(rank) * strength;
      fill(sheet, grid, pixelsOf(band.low, band.high, part, place), word(inks.fan, cover));
    });
    const median = pixelsOf(data.median, data.median, part, place);
    stroke(sheet, grid, median, {
      ink: word(inks.fan, strength < 1 ? 0.8 : 1),
      width: medianWidth,
      dash: [],
    });
  }
  actualParts(data, seen).forEach((parts, look) => {
    const line = { ink: word(inks.actual, 1), width: ACTUAL_WIDTH, dash: ACTUAL_DASHES[look] ?? [] };
    for (const part of parts) stroke(sheet, grid, pixelsOf(data.actual, data.actual, part, place), line);
  });
}

const word = (ink: number, alpha: number) => ((Math.round(alpha * 255) << 24) | ink) >>> 0;

function fill(sheet: Sheet, { ratio, row }: Grid, pixels: Pixels, ink: number): void {
  for (let i = 0; i < pixels.low.length; i += 1) {
    const top = Math.round(row(pixels.high[i] ?? Number.NaN));
    upright(sheet, (pixels.left + i) * ratio, ratio, top, Math.round(row(pixels.low[i] ?? Number.NaN)), ink);
  }
}

interface Line {
  ink: number;
  /** CSS pixels. */
  width: number;
  dash: readonly number[];
}

/** Each pixel from its least to its most, and on to the pixel before. */
function stroke(sheet: Sheet, { ratio, row }: Grid, pixels: Pixels, { ink, width, dash }: Line): void {
  const [on = 1, off = 0] = dash;
  const thick = width * ratio;
  let [before, after] = [-Infinity, Infinity];
  for (let i = 0; i < pixels.low.length; i += 1) {
    const own = row(pixels.high[i] ?? Number.NaN);
    const ownEnd = row(pixels.low[i] ?? Number.NaN);
    const [top, bottom] = [Math.min(own, after), Math.max(ownEnd, before)];
    const known = !Number.isNaN(own);
    before = known ? own : -Infinity;
    after = known ? ownEnd : Infinity;
    const at = pixels.left + i;
    if (!known || (off > 0 && at % (on + off) >= on)) continue;
    const from = Math.round(top - thick / 2);
    upright(sheet, at * ratio, ratio, from, from + Math.max(1, Math.round(bottom - top + thick)), ink);
  }
}

function upright(
  { width, height, words }: Sheet,
  x: number,
  wide: number,
  top: number,
  end: number,
  ink: number,
) {
  const left = Math.max(0, Math.round(x));
  const right = Math.min(width, Math.round(x + wide));
  const last = Math.min(height, end);
  for (let y = Math.max(0, top); y < last; y += 1) {
    for (let at = y * width + left; at < y * width + right; at += 1) words[at] = ink;
  }
}

interface Kept {
  canvas: HTMLCanvasElement;
  image: ImageData;
  sheet: Sheet;
}

/** One for each chart, for as long as it has that size. */
const kept = new WeakMap<CanvasRenderingContext2D, Kept>();

function sheetOf(ctx: CanvasRenderingContext2D, width: number, height: number): Kept {
  const known = kept.get(ctx);
  if (known?.sheet.width === width && known.sheet.height === height) {
    known.sheet.words.fill(0);
    return known;
  }
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const image = new ImageData(width, height);
  const made = { canvas, image, sheet: { width, height, words: new Uint32Array(image.data.buffer) } };
  kept.set(ctx, made);
  return made;
}

export function paintDense(plane: Plane, data: FanData, theme: Theme, place: Place, seen: Part): void {
  const { ctx, box, ratio, y } = plane;
  const [left, top] = [Math.round(box.left), Math.round(box.top)];
  const { canvas, image, sheet } = sheetOf(ctx, Math.round(box.width), Math.round(box.height));
  const inks = { fan: inkOf(ctx, `rgb(${theme.fan})`), actual: inkOf(ctx, theme.actual) };
  writeFan(sheet, { place, ratio, row: (milli) => y(milli) - top }, data, seen, inks);
  canvas.getContext("2d")?.putImageData(image, 0, 0);
  ctx.drawImage(canvas, left, top);
}

/** A color of CSS as a canvas understands it. */
function inkOf(ctx: CanvasRenderingContext2D, color: string): number {
  ctx.fillStyle = color;
  const told = String(ctx.fillStyle);
  const rgb = Number.parseInt(told.slice(1, 7), 16) || 0;
  return ((rgb & 0xff) << 16) | (rgb & 0xff00) | (rgb >> 16);
}
