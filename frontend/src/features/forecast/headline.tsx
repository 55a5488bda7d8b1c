"use client";
import { SealBadge } from "@/features/seals/seal-badge";
import { marginS } from "@/features/seals/seal-state";
import { clockTime, duration, period } from "@/lib/time";
import { formatAlone, formatNumber, formatValue, type Scale, scaleFor } from "@/lib/units";
import type { Seal, SeriesForecastView } from "@/lib/wire";
import { Pill } from "@/ui/pill";
import { type LiveWords, liveWords } from "@/words/live";
import { useWords } from "@/words/use-words";
import { meanAhead } from "./fan-data";
import { valueAt } from "./levels";

interface Props {
  view: SeriesForecastView;
  seal: Seal | null;
  nowMs: number;
  zone: string;
}

/** What a dispatcher reads first: measured last, the next hour with its range, the seal, and how fresh it is. */
export function Headline({ view, seal, nowMs, zone }: Props) {
  const words = useWords(liveWords);
  const last = view.actuals.at(-1);
  const median = meanAhead(view, 5000, nowMs);
  const rung = words.rungs[view.rung];
  return (
    <dl className="flex flex-wrap gap-x-8 gap-y-1">
      <div>
        <dt className="label">{words.headline.last}</dt>
        <dd className="font-semibold text-2xl leading-7">
          {last ? formatAlone(last.mean_milli, view.unit) : "—"}
        </dd>
        <dd className="text-2xs text-muted">
          {last ? period(Date.parse(last.period_start), view.resolution_s, zone) : words.headline.nothing}
        </dd>
      </div>
      <div>
        <dt className="label">{words.headline.next}</dt>
        <dd className="font-semibold text-2xl text-accent leading-7">
          {median === null ? "—" : formatAlone(median, view.unit)}
        </dd>
        <dd className="text-2xs text-muted">{nextPeriodInWords(view, nowMs, zone, words)}</dd>
      </div>
      <SealFact seal={seal} view={view} />
      <div>
        <dt className="label">{words.headline.age}</dt>
        <dd className="leading-7" data-rung={view.rung} data-testid="rung">
          <Pill title={rung?.long} tone={view.rung === 0 ? "ok" : view.rung <= 2 ? "warn" : "accent"}>
            {rung?.short ?? words.rung(view.rung)}
          </Pill>
        </dd>
        <dd className="text-2xs text-muted">{words.facts.old(duration(view.data_age_s))}</dd>
      </div>
    </dl>
  );
}

/** Said of one period: the range of an hour is not the mean of its periods' ranges. */
function nextPeriodInWords(view: SeriesForecastView, nowMs: number, zone: string, words: LiveWords): string {
  const next = view.points.find((point) => Date.parse(point.target_start) >= nowMs);
  const low = next && valueAt(next, view.levels_bps, 500);
  const middle = next && valueAt(next, view.levels_bps, 5000);
  const high = next && valueAt(next, view.levels_bps, 9500);
  if (!next || typeof low !== "number" || typeof high !== "number") return words.headline.beyond;
  const scale = scaleFor(view.unit, Math.max(Math.abs(low), Math.abs(high)));
  const number = (value: number) => formatNumber(value * scale.factor, scale.digits);
  const start = Date.parse(next.target_start);
  const when = `${clockTime(start, zone)}–${clockTime(start + view.resolution_s * 1000, zone)}`;
  // With its own median: the hour's may lie outside of what one of its periods is said to be.
  const median = typeof middle === "number" ? `${words.headline.median(number(middle))}, ` : "";
  return `${when}: ${median}${words.levels.between(number(low), number(high), scale.unit)}`;
}

function SealFact({ view, seal }: { view: SeriesForecastView; seal: Seal | null }) {
  const words = useWords(liveWords).seal;
  const margin = marginS(seal, view.gate_closure);
  const where = seal?.block_number ? words.inBlock(seal.block_number) : words.waiting;
  const when =
    margin === null
      ? ""
      : margin >= 0
        ? words.beforeGate(duration(margin))
        : words.afterGate(duration(-margin));
  return (
    <div>
      <dt className="label">{words.ofRun}</dt>
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
export function describe(
  view: SeriesForecastView,
  scale: Scale,
  nowMs: number,
  zone: string,
  words: LiveWords,
): string {
  const last = view.actuals.at(-1);
  const end = view.points.at(-1);
  const median = meanAhead(view, 5000, nowMs);
  const parts = [words.chart.of(view.name)];
  if (last) {
    const when = period(Date.parse(last.period_start), view.resolution_s, zone);
    parts.push(words.chart.lastWas(formatValue(last.mean_milli, scale), when));
  }
  if (median !== null) parts.push(words.chart.nextHour(formatValue(median, scale)));
  parts.push(`${nextPeriodInWords(view, nowMs, zone, words)}.`);
  if (end) parts.push(words.chart.lastPeriod(period(Date.parse(end.target_start), view.resolution_s, zone)));
  parts.push(words.chart.arrowKeys);
  return parts.join(" ");
}
