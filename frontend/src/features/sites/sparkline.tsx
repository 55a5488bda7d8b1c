import type { SeriesForecastView } from "@/lib/wire";

const WIDTH = 64;
const HEIGHT = 22;
const BACK_MS = 6 * 3_600_000;

/** Six hours measured and the median ahead, in one stroke each; decoration beside the numbers. */
export function Sparkline({ view, nowMs }: { view: SeriesForecastView; nowMs: number }) {
  const median = view.levels_bps.indexOf(5000);
  const past = view.actuals
    .map((point) => ({ t: Date.parse(point.period_start), v: point.mean_milli }))
    .filter((point) => point.t >= nowMs - BACK_MS);
  const ahead = view.points.map((point) => ({
    t: Date.parse(point.target_start),
    v: point.values_milli[median] ?? 0,
  }));
  const all = [...past, ...ahead];
  if (all.length < 2) return <svg aria-hidden="true" height={HEIGHT} width={WIDTH} />;
  const low = Math.min(0, ...all.map((point) => point.v));
  const high = Math.max(0, ...all.map((point) => point.v));
  const from = nowMs - BACK_MS;
  const to = Math.max(nowMs + 1, ...ahead.map((point) => point.t));
  const place = (point: { t: number; v: number }) => {
    const x = ((point.t - from) / (to - from)) * WIDTH;
    const y = HEIGHT - 2 - ((point.v - low) / (high - low || 1)) * (HEIGHT - 4);
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  };
  return (
    <svg
      aria-hidden="true"
      className="shrink-0"
      height={HEIGHT}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      width={WIDTH}
    >
      <polyline fill="none" points={past.map(place).join(" ")} stroke="var(--muted)" strokeWidth="1.25" />
      <polyline fill="none" points={ahead.map(place).join(" ")} stroke="var(--accent)" strokeWidth="1.5" />
    </svg>
  );
}
