/** Paints a fan on a canvas: steps, because a value speaks for a whole period. */
import type { FanData } from "./fan-data";

export interface Theme {
  fan: string;
  actual: string;
  now: string;
  gate: string;
  gap: string;
  muted: string;
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

export function paintFan(plane: Plane, data: FanData, theme: Theme, nowS: number, gateS: number): void {
  const { ctx, box } = plane;
  ctx.save();
  ctx.beginPath();
  ctx.rect(box.left, box.top, box.width, box.height);
  ctx.clip();
  paintGaps(plane, data, theme);
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
  upright(plane, gateS, theme.gate, [5, 4]);
  upright(plane, nowS, theme.now, []);
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

function paintActual(plane: Plane, data: FanData, theme: Theme, last: number): void {
  const whole = stretches(data.actual, 0, last);
  const dotted: Run[] = [];
  const solid: Run[] = [];
  for (const run of whole) {
    let from = run.from;
    for (let i = run.from + 1; i <= run.to; i += 1) {
      if (i < run.to && data.incomplete[i] === data.incomplete[from]) continue;
      (data.incomplete[from] ? dotted : solid).push({ from, to: i });
      from = i;
    }
  }
  line(plane, data.starts, data.actual, solid, { stroke: theme.actual, width: 1.75 });
  line(plane, data.starts, data.actual, dotted, { stroke: theme.actual, width: 1.75, dash: [2, 3] });
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

function paintGaps(plane: Plane, data: FanData, theme: Theme): void {
  const { ctx, x, box, ratio } = plane;
  for (const gap of data.gaps) {
    const left = x(gap.fromS);
    const width = x(gap.toS) - left;
    ctx.fillStyle = theme.gap;
    ctx.fillRect(left, box.top, width, box.height);
    if (width < 52 * ratio) continue;
    ctx.fillStyle = theme.muted;
    ctx.font = `${11 * ratio}px sans-serif`;
    ctx.textAlign = "center";
    ctx.fillText("no data", left + width / 2, box.top + 14 * ratio);
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
