import { SealBadge } from "@/features/seals/seal-badge";
import { marginS } from "@/features/seals/seal-state";
import { duration, period } from "@/lib/time";
import { formatNumber, formatValue, type Scale } from "@/lib/units";
import type { Seal, SeriesForecastView } from "@/lib/wire";
import { meanAhead } from "./fan-data";

interface Props {
  view: SeriesForecastView;
  seal: Seal | null;
  scale: Scale;
  nowMs: number;
  zone: string;
}

/** The two numbers a dispatcher reads first: what was measured last, and the next hour with its range. */
export function Headline({ view, seal, scale, nowMs, zone }: Props) {
  const last = view.actuals.at(-1);
  const median = meanAhead(view, 5000, nowMs);
  const low = meanAhead(view, 500, nowMs);
  const high = meanAhead(view, 9500, nowMs);
  const number = (value: number) => formatNumber(value * scale.factor, scale.digits);
  return (
    <dl className="flex flex-wrap gap-x-8 gap-y-1">
      <div>
        <dt className="label">Measured last</dt>
        <dd className="font-semibold text-2xl leading-7">
          {last ? formatValue(last.mean_milli, scale) : "—"}
        </dd>
        <dd className="text-2xs text-muted">
          {last ? period(Date.parse(last.period_start), view.resolution_s, zone) : "nothing measured yet"}
        </dd>
      </div>
      <div>
        <dt className="label">Next hour, median</dt>
        <dd className="font-semibold text-2xl text-accent leading-7">
          {median === null ? "—" : formatValue(median, scale)}
        </dd>
        <dd className="text-2xs text-muted">
          {low !== null && high !== null
            ? `9 of 10 outcomes between ${number(low)} and ${number(high)} ${scale.unit}`
            : "this run does not reach the next hour"}
        </dd>
      </div>
      <SealFact seal={seal} view={view} />
    </dl>
  );
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
  const [median, low, high] = [5000, 500, 9500].map((bps) => meanAhead(view, bps, nowMs));
  const parts = [`Fan chart of ${view.name}.`];
  if (last) {
    const when = period(Date.parse(last.period_start), view.resolution_s, zone);
    parts.push(`Measured last: ${formatValue(last.mean_milli, scale)}, ${when}.`);
  }
  if (typeof median === "number" && typeof low === "number" && typeof high === "number") {
    parts.push(
      `Next hour: median ${formatValue(median, scale)}, 9 of 10 outcomes between ${formatValue(low, scale)} and ${formatValue(high, scale)}.`,
    );
  }
  if (end) parts.push(`The last period is ${period(Date.parse(end.target_start), view.resolution_s, zone)}.`);
  parts.push("Left and right arrow keys read the periods; the key t shows a table.");
  return parts.join(" ");
}
