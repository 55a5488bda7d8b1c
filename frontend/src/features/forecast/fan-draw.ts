/** Paints a fan on a canvas: steps, because a value speaks for a whole period. */
import type { Band, FanData } from "./fan-data";
import { paintDense } from "./fan-dense";
import { ACTUAL_DASHES, ACTUAL_WIDTH, actualParts, bandAlpha, stretches, toldParts } from "./fan-parts";
import { type Part, type Place, within } from "./fan-thin";

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
  const dense = denseIn(plane, data);
  if (dense) paintDense(plane, data, theme, dense, seen);
  else paintSteps(plane, data, theme, seen);
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

function paintSteps(plane: Plane, data: FanData, theme: Theme, seen: Part): void {
  for (const { part, strength, medianWidth } of toldParts(data, seen)) {
    data.bands.forEach((band, rank) => {
      plane.ctx.fillStyle = `rgba(${theme.fan}, ${bandAlpha(rank) * strength})`;
      fillSteps(plane, data.starts, band, part);
    });
    const stroke = strength < 1 ? `rgba(${theme.fan}, ${strength})` : `rgb(${theme.fan})`;
    line(plane, { column: data.median, starts: data.starts, parts: [part], stroke, width: medianWidth });
  }
  actualParts(data, seen).forEach((parts, look) => {
    const dash = ACTUAL_DASHES[look] ?? [];
    const drawn = { column: data.actual, starts: data.starts, parts };
    line(plane, { ...drawn, stroke: theme.actual, width: ACTUAL_WIDTH, dash });
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

interface Line {
  starts: readonly number[];
  column: Column;
  parts: readonly Part[];
  stroke: string;
  /** CSS pixels, as those of the dash. */
  width: number;
  dash?: readonly number[];
}

function line(plane: Plane, { starts, column, parts, stroke, width, dash = [] }: Line): void {
  const { ctx, x, y, ratio } = plane;
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
