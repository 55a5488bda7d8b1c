"use client";
import { clockTime, shortDay, zoneName } from "@/lib/time";
import { formatNumber } from "@/lib/units";
import { liveWords } from "@/words/live";
import { useWords } from "@/words/use-words";
import type { FanPicture } from "./fan-picture";
import { valueAt } from "./levels";

/** The chart's twin: the same periods as rows, newest first. */
export function FanTable({
  picture,
  levels,
  name,
}: {
  picture: FanPicture;
  levels: readonly number[];
  name: string;
}) {
  const words = useWords(liveWords);
  const { data, scale, zone } = picture;
  const indexes = data.starts.slice(0, -1).map((_, i) => data.starts.length - 2 - i);
  return (
    <section
      aria-label={words.chart.valuesOf(name)}
      className="h-[clamp(15rem,37vh,28rem)] overflow-auto"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
      tabIndex={0}
    >
      <table className="w-full border-collapse text-right text-xs" data-testid="fan-table">
        <caption className="sr-only">{words.chart.tableCaption(name, scale.unit)}</caption>
        <thead className="sticky top-0 bg-surface">
          <tr className="text-muted">
            <th className="px-2 py-1.5 text-left font-medium" scope="col">
              {words.chart.period(zoneName((data.starts[0] ?? 0) * 1000, zone))}
            </th>
            <th className="px-2 py-1.5 font-medium" scope="col">
              {words.chart.measuredIn(scale.unit)}
            </th>
            {levels.map((bps) => (
              <th className="px-2 py-1.5 font-medium" key={bps} scope="col" title={words.levels.below(bps)}>
                {words.levels.column(bps)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {indexes.map((index) => (
            <Row index={index} key={data.starts[index]} levels={levels} picture={picture} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Row({ picture, levels, index }: { picture: FanPicture; levels: readonly number[]; index: number }) {
  const words = useWords(liveWords).chart;
  const { data, scale, zone, nowS } = picture;
  const start = (data.starts[index] ?? 0) * 1000;
  const end = start + data.resolutionS * 1000;
  const point = data.points[index] ?? null;
  const actual = data.actual[index] ?? null;
  const number = (value: number | null) =>
    value === null ? "—" : formatNumber(value * scale.factor, scale.digits);
  return (
    <tr className="border-line border-t">
      <th className="whitespace-nowrap px-2 py-1 text-left font-normal" scope="row">
        {shortDay(start, zone)}, {clockTime(start, zone)}–{clockTime(end, zone)}
      </th>
      <td className="px-2 py-1 font-medium">
        {actual === null && end / 1000 <= nowS ? words.gap : number(actual)}
        {data.incomplete[index] ? <abbr title={words.incomplete}> *</abbr> : null}
      </td>
      {levels.map((bps) => (
        <td className={`px-2 py-1 ${bps === 5000 ? "text-accent" : "text-muted"}`} key={bps}>
          {point ? number(valueAt(point, levels, bps)) : ""}
        </td>
      ))}
    </tr>
  );
}
