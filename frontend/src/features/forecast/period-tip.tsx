"use client";
import { clockTime, period } from "@/lib/time";
import { formatNumber, formatValue, type Scale, scaleFor } from "@/lib/units";
import type { Point } from "@/lib/wire";
import { type LiveWords, liveWords } from "@/words/live";
import { useWords } from "@/words/use-words";
import type { FanData } from "./fan-data";
import type { FanPicture } from "./fan-picture";
import { valueAt } from "./levels";

/** Shares of the bands in whole percent, narrow first: for tests and styles. */
export function levelsIn(data: FanData): number[] {
  return data.bands.map((band) => band.share / 100).reverse();
}

/** One period's own scale: a night's watts are not to read as 0.00 kW because noon has kilowatts. */
function scaleOf(picture: FanPicture, index: number): Scale {
  const values = [picture.data.actual[index] ?? 0, ...(picture.data.points[index]?.values_milli ?? [])];
  return scaleFor(picture.unit, Math.max(...values.map(Math.abs)));
}

function gapWords(picture: FanPicture, index: number): string | null {
  const start = picture.data.starts[index] ?? 0;
  const gap = picture.data.gaps.findIndex((one) => start >= one.fromS && start < one.toS);
  return gap < 0 ? null : (picture.gapLabels[gap] ?? null);
}

function measuredWords(picture: FanPicture, index: number, words: LiveWords["chart"]): string {
  const { data, nowS } = picture;
  const value = data.actual[index];
  if (value !== null && value !== undefined) {
    const note = data.incomplete[index] ? words.incomplete : data.provisional[index] ? words.mayChange : "";
    return `${formatValue(value, scaleOf(picture, index))}${note ? ` (${note})` : ""}`;
  }
  const end = (data.starts[index] ?? 0) + data.resolutionS;
  return gapWords(picture, index) ?? (end <= nowS ? words.gap : words.notYet);
}

function titleOf(picture: FanPicture, index: number): string {
  const start = (picture.data.starts[index] ?? 0) * 1000;
  return period(start, picture.data.resolutionS, picture.zone);
}

/** `9 of 10 outcomes below 42.0 kW`. */
export function belowInWords(
  point: Point,
  levels: readonly number[],
  bps: number,
  scale: Scale,
  words: LiveWords["levels"],
): string | null {
  const value = valueAt(point, levels, bps);
  return value === null ? null : words.belowValue(bps, formatValue(value, scale));
}

/** The whole period as one sentence, for the live region. */
export function periodInWords(
  picture: FanPicture,
  levels: readonly number[],
  index: number,
  words: LiveWords,
): string {
  const { chart } = words;
  const point = picture.data.points[index];
  const parts = [`${titleOf(picture, index)}. ${chart.measured}: ${measuredWords(picture, index, chart)}.`];
  if (point) {
    const scale = scaleOf(picture, index);
    const median = valueAt(point, levels, 5000);
    if (median !== null) parts.push(`${chart.medianShort} ${formatValue(median, scale)}.`);
    for (const bps of [1000, 9000]) {
      const below = belowInWords(point, levels, bps, scale, words.levels);
      if (below) parts.push(`${below}.`);
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

const WIDTH = 272;

export function PeriodTip({ picture, levels, index, left, right }: Props) {
  const words = useWords(liveWords).chart;
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
        <span className="text-muted">{words.measured}</span>
        <span className="text-right font-medium">{measuredWords(picture, index, words)}</span>
      </p>
      {point ? <Outcomes index={index} levels={levels} picture={picture} point={point} /> : null}
      {point && index < data.runFrom ? <p className="mt-1 text-2xs text-muted">{words.earlierRun}</p> : null}
      {point ? null : <p className="mt-1 text-2xs text-muted">{words.noForecast}</p>}
    </div>
  );
}

function Outcomes(props: { picture: FanPicture; levels: readonly number[]; index: number; point: Point }) {
  const words = useWords(liveWords);
  const { picture, levels, index, point } = props;
  const { data } = picture;
  const scale = scaleOf(picture, index);
  const median = valueAt(point, levels, 5000);
  const number = (value: number | null) =>
    value === null ? "—" : formatNumber(value * scale.factor, scale.digits);
  const below = belowInWords(point, levels, 9000, scale, words.levels);
  return (
    <>
      <p className="flex justify-between gap-2">
        <span className="text-muted">{words.chart.medianShort}</span>
        <span className="font-medium text-accent">{median === null ? "—" : formatValue(median, scale)}</span>
      </p>
      {[...data.bands].reverse().map((band) => (
        <p className="flex justify-between gap-2" key={band.share}>
          <span className="text-muted">{words.levels.inside(band.share)}</span>
          <span className="whitespace-nowrap">
            {number(valueAt(point, levels, (10_000 - band.share) / 2))} …{" "}
            {number(valueAt(point, levels, (10_000 + band.share) / 2))} {scale.unit}
          </span>
        </p>
      ))}
      {below ? <p className="mt-1.5 border-line border-t pt-1.5">{below}</p> : null}
    </>
  );
}
