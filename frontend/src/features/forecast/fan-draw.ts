/** Paints a fan on a canvas: steps, because a value speaks for a whole period. */
import type { FanData } from "./fan-data";

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
  /** Canvas pixels of seconds and of thousandths. */
  x: (seconds: number) => number;
  y: (milli: number) => number;
  box: { left: number; top: number; width: number; height: number };
  /** Canvas pixels per CSS pixel. */
  ratio: number;
}

type Column = readonly (number | null)[];
interface Run {
  from: number;
  to: number;
}

/** Stretches without a null, as `[from, to)`. */
export function stretches(column: Column, from = 0, to = column.length): Run[] {
  const out: Run[] = [];
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
  const last = data.starts.length - 1;
  paintBands(plane, data, theme, 0, Math.min(data.runFrom, last), 0.55);
  paintBands(plane, data, theme, data.runFrom, last, 1);
  line(plane, data.starts, data.median, stretches(data.median, 0, Math.min(data.runFrom, last)), {
    stroke: `rgba(${theme.fan}, 0.55)`,
    width: 1.25,
  });
  line(plane, data.starts, data.median, stretches(data.median, data.runFrom, last), {
    stroke: `rgb(${theme.fan})`,
    width: 2,
  });
  paintActual(plane, data, theme, last);
  if (marks.gateS !== null) upright(plane, marks.gateS, theme.gate, [5, 4]);
  upright(plane, marks.nowS, theme.now, []);
  ctx.restore();
}

function paintBands(
  plane: Plane,
  data: FanData,
  theme: Theme,
  from: number,
  to: number,
  strength: number,
): void {
  const { ctx, x, y } = plane;
  const alpha = [0.18, 0.22, 0.3];
  data.bands.forEach((band, rank) => {
    ctx.fillStyle = `rgba(${theme.fan}, ${(alpha[Math.min(rank, 2)] ?? 0.2) * strength})`;
    for (const run of stretches(band.low, from, to)) {
      ctx.beginPath();
      for (let i = run.from; i < run.to; i += 1) {
        const high = y(band.high[i] ?? 0);
        ctx.lineTo(x(data.starts[i] ?? 0), high);
        ctx.lineTo(x(data.starts[i + 1] ?? 0), high);
      }
      for (let i = run.to - 1; i >= run.from; i -= 1) {
        const low = y(band.low[i] ?? 0);
        ctx.lineTo(x(data.starts[i + 1] ?? 0), low);
        ctx.lineTo(x(data.starts[i] ?? 0), low);
      }
      ctx.closePath();
      ctx.fill();
    }
  });
}

/** Settled solid, provisional dashed, measured in part dotted. */
const ACTUAL_DASHES = [[], [6, 3], [2, 3]];

function paintActual(plane: Plane, data: FanData, theme: Theme, last: number): void {
  const lookOf = (i: number) => (data.incomplete[i] ? 2 : data.provisional[i] ? 1 : 0);
  const runs: Run[][] = [[], [], []];
  for (const run of stretches(data.actual, 0, last)) {
    let from = run.from;
    for (let i = run.from + 1; i <= run.to; i += 1) {
      if (i < run.to && lookOf(i) === lookOf(from)) continue;
      runs[lookOf(from)]?.push({ from, to: i });
      from = i;
    }
  }
  runs.forEach((own, look) => {
    const dash = ACTUAL_DASHES[look] ?? [];
    line(plane, data.starts, data.actual, own, { stroke: theme.actual, width: 1.75, dash });
  });
}

function line(
  plane: Plane,
  starts: readonly number[],
  column: Column,
  runs: readonly Run[],
  style: { stroke: string; width: number; dash?: number[] },
): void {
  const { ctx, x, y, ratio } = plane;
  ctx.strokeStyle = style.stroke;
  ctx.lineWidth = style.width * ratio;
  ctx.lineJoin = "round";
  ctx.setLineDash((style.dash ?? []).map((part) => part * ratio));
  for (const run of runs) {
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
