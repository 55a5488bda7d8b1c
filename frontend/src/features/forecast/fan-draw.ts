/** Paints a fan on a canvas: steps, because a value speaks for a whole period. */
import type { Band, FanData } from "./fan-data";
import { fillPixels, linePixels } from "./fan-dense";
import { type Part, type Place, pixelsOf, within } from "./fan-thin";

export interface Theme {
  fan: string;
  actual: string;
  now: string;
  gate: string;
  gap: string;
  muted: string;
  font: string;
}

export interface Plane {
  ctx: CanvasRenderingContext2D;
  /** What is seen of time, seconds. */
  fromS: number;
  toS: number;
  /** Canvas pixels of seconds and of thousandths. */
  x: (seconds: number) => number;
  y: (milli: number) => number;
  box: { left: number; top: number; width: number; height: number };
  /** Canvas pixels per CSS pixel. */
  ratio: number;
}

type Column = readonly (number | null)[];

/** Stretches without a null, as `[from, to)`. */
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

export interface Marks {
  nowS: number;
  /** Null where there is no one gate: several runs in one picture. */
  gateS: number | null;
  /** What stands over each gap, and what when that does not fit. */
  gapLabels: readonly string[];
  gapWord: string;
}

export function paintFan(plane: Plane, data: FanData, theme: Theme, marks: Marks): void {
  const { ctx, box } = plane;
  ctx.save();
  ctx.beginPath();
  ctx.rect(box.left, box.top, box.width, box.height);
  ctx.clip();
  paintGaps(plane, data, theme, marks);
  const seen = within(data.starts, plane.fromS, plane.toS);
  const told = Math.min(Math.max(data.runFrom, seen.from), seen.to);
  const earlier = { from: seen.from, to: told };
  const newest = { from: told, to: seen.to };
  const dense = denseIn(plane, data);
  paintBands(plane, data, theme, { part: earlier, strength: 0.55, dense });
  paintBands(plane, data, theme, { part: newest, strength: 1, dense });
  const median = { column: data.median, starts: data.starts, dense };
  line(plane, { ...median, parts: [earlier], stroke: `rgba(${theme.fan}, 0.55)`, width: 1.25 });
  line(plane, { ...median, parts: [newest], stroke: `rgb(${theme.fan})`, width: 2 });
  paintActual(plane, data, theme, seen, dense);
  if (marks.gateS !== null) upright(plane, marks.gateS, theme.gate, [5, 4]);
  upright(plane, marks.nowS, theme.now, []);
  ctx.restore();
}

/** From so many periods a pixel on they are put together. */
const TOGETHER = 2;

/** Where the periods lie on the screen when several share a pixel; null where each can be seen. */
function denseIn({ fromS, toS, box, ratio }: Plane, { starts, resolutionS }: FanData): Place | null {
  const perPixel = (toS - fromS) / resolutionS / Math.max(1, box.width / ratio);
  return perPixel >= TOGETHER ? { first: (fromS - (starts[0] ?? fromS)) / resolutionS, perPixel } : null;
}

interface BandLook {
  part: Part;
  strength: number;
  dense: Place | null;
}

function paintBands(plane: Plane, data: FanData, theme: Theme, { part, strength, dense }: BandLook): void {
  const alpha = [0.18, 0.22, 0.3];
  data.bands.forEach((band, rank) => {
    plane.ctx.fillStyle = `rgba(${theme.fan}, ${(alpha[Math.min(rank, 2)] ?? 0.2) * strength})`;
    if (dense) fillPixels(plane, pixelsOf(band.low, band.high, part, dense));
    else fillSteps(plane, data.starts, band, part);
  });
}

function fillSteps({ ctx, x, y }: Plane, starts: readonly number[], band: Band, part: Part): void {
  for (const run of stretches(band.low, part.from, part.to)) {
    ctx.beginPath();
    for (let i = run.from; i < run.to; i += 1) {
      const high = y(band.high[i] ?? 0);
      ctx.lineTo(x(starts[i] ?? 0), high);
      ctx.lineTo(x(starts[i + 1] ?? 0), high);
    }
    for (let i = run.to - 1; i >= run.from; i -= 1) {
      const low = y(band.low[i] ?? 0);
      ctx.lineTo(x(starts[i + 1] ?? 0), low);
      ctx.lineTo(x(starts[i] ?? 0), low);
    }
    ctx.closePath();
    ctx.fill();
  }
}

/** Settled solid, provisional dashed, measured in part dotted. */
const ACTUAL_DASHES = [[], [6, 3], [2, 3]];

function paintActual(plane: Plane, data: FanData, theme: Theme, seen: Part, dense: Place | null): void {
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
  parts.forEach((own, look) => {
    const drawn = { column: data.actual, starts: data.starts, parts: own, dense };
    line(plane, { ...drawn, stroke: theme.actual, width: 1.75, dash: ACTUAL_DASHES[look] ?? [] });
  });
}

interface Line {
  starts: readonly number[];
  column: Column;
  parts: readonly Part[];
  dense: Place | null;
  stroke: string;
  /** CSS pixels, as those of the dash. */
  width: number;
  dash?: number[];
}

function line(plane: Plane, { starts, column, parts, dense, stroke, width, dash = [] }: Line): void {
  const { ctx, x, y, ratio } = plane;
  if (dense) {
    ctx.fillStyle = stroke;
    for (const part of parts) linePixels(plane, pixelsOf(column, column, part, dense), width, dash);
    return;
  }
  ctx.strokeStyle = stroke;
  ctx.lineWidth = width * ratio;
  ctx.lineJoin = "round";
  ctx.setLineDash(dash.map((piece) => piece * ratio));
  for (const run of parts.flatMap((part) => stretches(column, part.from, part.to))) {
    ctx.beginPath();
    for (let i = run.from; i < run.to; i += 1) {
      const at = y(column[i] ?? 0);
      ctx.lineTo(x(starts[i] ?? 0), at);
      ctx.lineTo(x(starts[i + 1] ?? 0), at);
    }
    ctx.stroke();
  }
  ctx.setLineDash([]);
}

function paintGaps(plane: Plane, data: FanData, theme: Theme, marks: Marks): void {
  const { ctx, x, box, ratio } = plane;
  for (const [index, gap] of data.gaps.entries()) {
    const left = x(gap.fromS);
    const width = x(gap.toS) - left;
    ctx.fillStyle = theme.gap;
    ctx.fillRect(left, box.top, width, box.height);
    ctx.fillStyle = theme.muted;
    ctx.font = `${11 * ratio}px ${theme.font}`;
    ctx.textAlign = "center";
    const fits = [marks.gapLabels[index] ?? "", marks.gapWord].find(
      (text) => text && ctx.measureText(text).width < width - 6 * ratio,
    );
    if (fits) ctx.fillText(fits, left + width / 2, box.top + 14 * ratio);
  }
}

function upright(plane: Plane, atS: number, color: string, dash: number[]): void {
  const { ctx, x, box, ratio } = plane;
  const at = Math.round(x(atS)) + 0.5;
  ctx.strokeStyle = color;
  ctx.lineWidth = 1.5 * ratio;
  ctx.setLineDash(dash.map((part) => part * ratio));
  ctx.beginPath();
  ctx.moveTo(at, box.top);
  ctx.lineTo(at, box.top + box.height);
  ctx.stroke();
  ctx.setLineDash([]);
}
