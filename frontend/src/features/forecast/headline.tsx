import { SealBadge } from "@/features/seals/seal-badge";
import { marginS } from "@/features/seals/seal-state";
import { clockTime, duration, period } from "@/lib/time";
import { formatAlone, formatNumber, formatValue, type Scale, scaleFor } from "@/lib/units";
import type { Seal, SeriesForecastView } from "@/lib/wire";
import { meanAhead } from "./fan-data";
import { valueAt } from "./words";

interface Props {
  view: SeriesForecastView;
  seal: Seal | null;
  nowMs: number;
  zone: string;
}

/** The two numbers a dispatcher reads first: what was measured last, and the next hour with its range. */
export function Headline({ view, seal, nowMs, zone }: Props) {
  const last = view.actuals.at(-1);
  const median = meanAhead(view, 5000, nowMs);
  return (
    <dl className="flex flex-wrap gap-x-8 gap-y-1">
      <div>
        <dt className="label">Measured last</dt>
        <dd className="font-semibold text-2xl leading-7">
          {last ? formatAlone(last.mean_milli, view.unit) : "—"}
        </dd>
        <dd className="text-2xs text-muted">
          {last ? period(Date.parse(last.period_start), view.resolution_s, zone) : "nothing measured yet"}
        </dd>
      </div>
      <div>
        <dt className="label">Next hour, median</dt>
        <dd className="font-semibold text-2xl text-accent leading-7">
          {median === null ? "—" : formatAlone(median, view.unit)}
        </dd>
        <dd className="text-2xs text-muted">{nextPeriodInWords(view, nowMs, zone)}</dd>
      </div>
      <SealFact seal={seal} view={view} />
    </dl>
  );
}

/** Said of one period: the range of an hour is not the mean of its periods' ranges. */
function nextPeriodInWords(view: SeriesForecastView, nowMs: number, zone: string): string {
  const next = view.points.find((point) => Date.parse(point.target_start) >= nowMs);
  const low = next && valueAt(next, view.levels_bps, 500);
  const high = next && valueAt(next, view.levels_bps, 9500);
  if (!next || typeof low !== "number" || typeof high !== "number")
    return "this run does not reach beyond now";
  const scale = scaleFor(view.unit, Math.max(Math.abs(low), Math.abs(high)));
  const number = (value: number) => formatNumber(value * scale.factor, scale.digits);
  const start = Date.parse(next.target_start);
  const when = `${clockTime(start, zone)}–${clockTime(start + view.resolution_s * 1000, zone)}`;
  return `${when}: 9 of 10 outcomes between ${number(low)} and ${number(high)} ${scale.unit}`;
}

function SealFact({ view, seal }: { view: SeriesForecastView; seal: Seal | null }) {
  const margin = marginS(seal, view.gate_closure);
  const where = seal?.block_number ? `block ${seal.block_number}` : "waiting for its block";
  const when =
    margin === null
      ? ""
      : margin >= 0
        ? `, ${duration(margin)} before the gate`
        : `, ${duration(-margin)} after the gate`;
  return (
    <div>
      <dt className="label">Seal of this run</dt>
      <dd className="leading-7">
        <SealBadge seal={seal} />
      </dd>
      <dd className="text-2xs text-muted">
        {where}
        {when}
      </dd>
    </div>
  );
}

/** The picture in words. */
export function describe(view: SeriesForecastView, scale: Scale, nowMs: number, zone: string): string {
  const last = view.actuals.at(-1);
  const end = view.points.at(-1);
  const median = meanAhead(view, 5000, nowMs);
  const parts = [`Fan chart of ${view.name}.`];
  if (last) {
    const when = period(Date.parse(last.period_start), view.resolution_s, zone);
    parts.push(`Measured last: ${formatValue(last.mean_milli, scale)}, ${when}.`);
  }
  if (median !== null) parts.push(`Next hour: median ${formatValue(median, scale)}.`);
  parts.push(`${nextPeriodInWords(view, nowMs, zone)}.`);
  if (end) parts.push(`The last period is ${period(Date.parse(end.target_start), view.resolution_s, zone)}.`);
  parts.push("Left and right arrow keys read the periods; the key t shows a table.");
  return parts.join(" ");
}
