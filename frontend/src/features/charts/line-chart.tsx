"use client";
import { scaleLinear, scaleSymlog, scaleUtc } from "@visx/scale";
import { LinePath } from "@visx/shape";
import type { PointerEvent } from "react";
import { ChartFrame, type Room, XAxis, YAxis } from "./chart-frame";
import { clockTick } from "./ticks";

export interface LineSeries {
  key: string;
  name: string;
  color: string;
  dash?: string;
  values: readonly (number | null)[];
}

interface Props {
  /** Milliseconds, or plain numbers with `format`. */
  x: readonly number[];
  lines: readonly LineSeries[];
  /** Level lines across with a name. */
  marks?: readonly { at: number; name: string; color: string }[];
  yLabel: string;
  xLabel?: string;
  yFormat: (value: number) => string;
  time?: boolean;
  fromZero?: boolean;
  /** Counts of very different size: zero, then powers of ten at equal distances. */
  byPowers?: boolean;
  cursor: number | null;
  onCursor: (index: number | null) => void;
}

/** Room around a single value: an hour where the axis is time. */
const ALONE = 3_600_000;

/** Lines over time; gaps stay gaps. */
export function LineChart(props: Props) {
  const { x, lines, marks = [], time = true, fromZero = true } = props;
  const all = lines.flatMap((line) => line.values.filter((value) => value !== null));
  const low = Math.min(...all, ...marks.map((mark) => mark.at), fromZero ? 0 : Number.POSITIVE_INFINITY);
  const high = Math.max(...all, ...marks.map((mark) => mark.at));
  const [first = 0, last = 1] = [x[0], x.at(-1)];
  return (
    <ChartFrame>
      {(room) => {
        const around = last === first ? ALONE / 2 : 0;
        const domain: [number, number] = [first - around, last + around];
        const xs = time
          ? scaleUtc({ domain, range: [0, room.width] })
          : scaleLinear({ domain, range: [0, room.width] });
        const span: [number, number] = [low, high === low ? low + 1 : high];
        const range: [number, number] = [room.height, 0];
        const ys = props.byPowers
          ? scaleSymlog({ domain: span, range })
          : scaleLinear({ domain: span, range, nice: true });
        return (
          <>
            <YAxis
              format={props.yFormat}
              label={props.yLabel}
              room={room}
              scale={ys}
              values={props.byPowers ? powers(high) : undefined}
            />
            <XAxis
              format={time ? (value) => clockTick(value, last - first) : undefined}
              label={props.xLabel}
              room={room}
              scale={xs}
            />
            {marks.map((mark) => (
              <g key={mark.name}>
                <line
                  stroke={mark.color}
                  strokeDasharray="6 3"
                  strokeWidth={1.5}
                  x2={room.width}
                  y1={ys(mark.at)}
                  y2={ys(mark.at)}
                />
                <text
                  fill={mark.color}
                  fontSize={10}
                  textAnchor="end"
                  x={room.width}
                  y={ys(mark.at) + (ys(mark.at) < 14 ? 12 : -4)}
                >
                  {mark.name}
                </text>
              </g>
            ))}
            {lines.map((line) => (
              <Line at={(i) => xs(x[i] ?? 0)} key={line.key} line={line} to={(v) => ys(v)} />
            ))}
            <Cursor {...props} room={room} xOf={(i) => xs(x[i] ?? 0)} yOf={(v) => ys(v)} />
          </>
        );
      }}
    </ChartFrame>
  );
}

/** Zero and the powers of ten that are not above. */
function powers(high: number): number[] {
  const most = high >= 1 ? Math.floor(Math.log10(high)) : -1;
  return [0, ...Array.from({ length: most + 1 }, (_, i) => 10 ** i)];
}

function Line({
  line,
  at,
  to,
}: {
  line: LineSeries;
  at: (i: number) => number;
  to: (value: number) => number;
}) {
  const alone = line.values.filter((value) => value !== null).length === 1;
  return (
    <>
      <LinePath
        data={[...line.values]}
        defined={(value) => value !== null}
        fill="none"
        stroke={line.color}
        strokeDasharray={line.dash}
        strokeWidth={1.6}
        x={(_, i) => at(i)}
        y={(value) => to(value ?? 0)}
      />
      {alone
        ? line.values.map((value, i) =>
            value === null ? null : (
              // biome-ignore lint/suspicious/noArrayIndexKey: one point
              <circle cx={at(i)} cy={to(value)} fill={line.color} key={i} r={3} />
            ),
          )
        : null}
    </>
  );
}

function Cursor(
  props: Props & { room: Room; xOf: (index: number) => number; yOf: (value: number) => number },
) {
  const { x, lines, cursor, onCursor, room, xOf, yOf } = props;
  const onMove = (event: PointerEvent<SVGRectElement>) => {
    const at = event.clientX - event.currentTarget.getBoundingClientRect().left;
    let best = 0;
    for (let i = 1; i < x.length; i += 1) if (Math.abs(xOf(i) - at) < Math.abs(xOf(best) - at)) best = i;
    if (x.length > 0) onCursor(best);
  };
  return (
    <>
      {cursor !== null && cursor < x.length ? (
        <g pointerEvents="none">
          <line stroke="var(--now)" x1={xOf(cursor)} x2={xOf(cursor)} y2={room.height} />
          {lines.map((line) => {
            const value = line.values[cursor];
            return value === null || value === undefined ? null : (
              <circle cx={xOf(cursor)} cy={yOf(value)} fill={line.color} key={line.key} r={3.5} />
            );
          })}
        </g>
      ) : null}
      <rect
        fill="transparent"
        height={room.height}
        onPointerLeave={() => onCursor(null)}
        onPointerMove={onMove}
        width={room.width}
      />
    </>
  );
}
