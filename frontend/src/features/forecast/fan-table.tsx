import { clockTime, shortDay, zoneName } from "@/lib/time";
import { formatNumber } from "@/lib/units";
import type { FanPicture } from "./use-fan-plot";
import { levelInWords, valueAt } from "./words";

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
  const { data, scale, zone } = picture;
  const indexes = data.starts.slice(0, -1).map((_, i) => data.starts.length - 2 - i);
  return (
    <section
      aria-label={`Values of ${name}`}
      className="h-[clamp(15rem,37vh,28rem)] overflow-auto"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
      tabIndex={0}
    >
      <table className="w-full border-collapse text-right text-xs" data-testid="fan-table">
        <caption className="sr-only">
          {name}: measured and forecast per period, in {scale.unit}
        </caption>
        <thead className="sticky top-0 bg-surface">
          <tr className="text-muted">
            <th className="px-2 py-1.5 text-left font-medium" scope="col">
              Period ({zoneName((data.starts[0] ?? 0) * 1000, zone)})
            </th>
            <th className="px-2 py-1.5 font-medium" scope="col">
              Measured, {scale.unit}
            </th>
            {levels.map((bps) => (
              <th className="px-2 py-1.5 font-medium" key={bps} scope="col" title={levelInWords(bps)}>
                {bps === 5000 ? "Median" : `${levelInWords(bps).replace(" outcomes", "")}`}
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
        {actual === null && end / 1000 <= nowS ? "no data" : number(actual)}
        {data.incomplete[index] ? <abbr title="incomplete: part of the period is missing"> *</abbr> : null}
      </td>
      {levels.map((bps) => (
        <td className={`px-2 py-1 ${bps === 5000 ? "text-accent" : "text-muted"}`} key={bps}>
          {point ? number(valueAt(point, levels, bps)) : ""}
        </td>
      ))}
    </tr>
  );
}
