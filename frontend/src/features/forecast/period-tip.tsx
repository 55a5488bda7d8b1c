import { clockTime, period } from "@/lib/time";
import { formatNumber, formatValue, type Scale, scaleFor } from "@/lib/units";
import type { Point } from "@/lib/wire";
import type { FanData } from "./fan-data";
import type { FanPicture } from "./use-fan-plot";
import { belowInWords, shareInWords, valueAt } from "./words";

/** Shares of the bands in whole percent, narrow first: for tests and styles. */
export function levelsIn(data: FanData): number[] {
  return data.bands.map((band) => band.share / 100).reverse();
}

/** One period's own scale: a night's watts are not to read as 0.00 kW because noon has kilowatts. */
function scaleOf(picture: FanPicture, index: number): Scale {
  const values = [picture.data.actual[index] ?? 0, ...(picture.data.points[index]?.values_milli ?? [])];
  return scaleFor(picture.unit, Math.max(...values.map(Math.abs)));
}

function measuredWords(picture: FanPicture, index: number): string {
  const { data, nowS } = picture;
  const scale = scaleOf(picture, index);
  const value = data.actual[index];
  if (value !== null && value !== undefined) {
    return `${formatValue(value, scale)}${data.incomplete[index] ? " (incomplete: part of the period is missing)" : ""}`;
  }
  const end = (data.starts[index] ?? 0) + data.resolutionS;
  return end <= nowS ? "no data" : "not yet";
}

function titleOf(picture: FanPicture, index: number): string {
  const start = (picture.data.starts[index] ?? 0) * 1000;
  return period(start, picture.data.resolutionS, picture.zone);
}

/** The whole period as one sentence, for the live region. */
export function periodInWords(picture: FanPicture, levels: readonly number[], index: number): string {
  const point = picture.data.points[index];
  const parts = [`${titleOf(picture, index)}. Measured: ${measuredWords(picture, index)}.`];
  if (point) {
    const scale = scaleOf(picture, index);
    const median = valueAt(point, levels, 5000);
    if (median !== null) parts.push(`Median ${formatValue(median, scale)}.`);
    for (const bps of [1000, 9000]) {
      const words = belowInWords(point, levels, bps, scale);
      if (words) parts.push(`${words}.`);
    }
  }
  return parts.join(" ");
}

interface Props {
  picture: FanPicture;
  levels: readonly number[];
  index: number;
  /** Right edge of the period, and room to the right edge of the chart from its left edge. */
  left: number;
  right: number;
}

const WIDTH = 264;

export function PeriodTip({ picture, levels, index, left, right }: Props) {
  const { data, zone } = picture;
  const point = data.points[index] ?? null;
  const flip = right < WIDTH + 24;
  const place = flip ? { right: right + 8 } : { left: left + 8 };
  const start = (data.starts[index] ?? 0) * 1000;
  return (
    <div
      className="pointer-events-none absolute top-3 z-10 max-w-[calc(100%-1rem)] rounded-md border border-line bg-surface p-2.5 text-xs shadow-lg"
      data-testid="period-tip"
      style={{ ...place, width: WIDTH }}
    >
      <p className="font-semibold">{titleOf(picture, index)}</p>
      {zone === "UTC" ? null : (
        <p className="text-2xs text-muted">
          {clockTime(start, "UTC")}–{clockTime(start + data.resolutionS * 1000, "UTC")} UTC
        </p>
      )}
      <p className="mt-1.5 flex justify-between gap-2">
        <span className="text-muted">Measured</span>
        <span className="text-right font-medium">{measuredWords(picture, index)}</span>
      </p>
      {point ? <Outcomes index={index} levels={levels} picture={picture} point={point} /> : null}
      {point && index < data.runFrom ? (
        <p className="mt-1 text-2xs text-muted">Said by an earlier run, before the period began.</p>
      ) : null}
      {point ? null : <p className="mt-1 text-2xs text-muted">No forecast is shown for this period.</p>}
    </div>
  );
}

function Outcomes(props: { picture: FanPicture; levels: readonly number[]; index: number; point: Point }) {
  const { picture, levels, index, point } = props;
  const { data } = picture;
  const scale = scaleOf(picture, index);
  const median = valueAt(point, levels, 5000);
  const number = (value: number | null) =>
    value === null ? "—" : formatNumber(value * scale.factor, scale.digits);
  const below = belowInWords(point, levels, 9000, scale);
  return (
    <>
      <p className="flex justify-between gap-2">
        <span className="text-muted">Median</span>
        <span className="font-medium text-accent">{median === null ? "—" : formatValue(median, scale)}</span>
      </p>
      {[...data.bands].reverse().map((band) => (
        <p className="flex justify-between gap-2" key={band.share}>
          <span className="text-muted">{shareInWords(band.share)}</span>
          <span>
            {number(valueAt(point, levels, (10_000 - band.share) / 2))} to{" "}
            {number(valueAt(point, levels, (10_000 + band.share) / 2))} {scale.unit}
          </span>
        </p>
      ))}
      {below ? <p className="mt-1.5 border-line border-t pt-1.5">{below}</p> : null}
    </>
  );
}
