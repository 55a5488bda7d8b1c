"use client";
import { scaleLinear } from "@visx/scale";
import { Bar } from "@visx/shape";
import { ChartFrame, XAxis, YAxis } from "./chart-frame";

export interface BarValue {
  from: number;
  to: number;
  value: number;
  /** What it would be if all were as promised. */
  expected?: number;
  color?: string;
}

interface Props {
  bars: readonly BarValue[];
  yLabel: string;
  xLabel: string;
  yFormat: (value: number) => string;
  xFormat: (value: number) => string;
  /** A line upright, such as zero. */
  upright?: number;
  xValues?: readonly number[];
  cursor: number | null;
  onCursor: (index: number | null) => void;
}

/** Bars of any width side by side: height is the value. */
export function BarChart({ bars, upright, cursor, onCursor, ...props }: Props) {
  const high = Math.max(...bars.map((bar) => Math.max(bar.value, bar.expected ?? 0)), 0);
  const domain: [number, number] = [bars[0]?.from ?? 0, bars.at(-1)?.to ?? 1];
  return (
    <ChartFrame>
      {(room) => {
        const xs = scaleLinear({ domain, range: [0, room.width] });
        const ys = scaleLinear({ domain: [0, high || 1], range: [room.height, 0], nice: true });
        return (
          <>
            <YAxis format={props.yFormat} label={props.yLabel} room={room} scale={ys} />
            <XAxis
              format={props.xFormat}
              label={props.xLabel}
              room={room}
              scale={xs}
              values={props.xValues}
            />
            {upright !== undefined && upright > domain[0] && upright < domain[1] ? (
              <line stroke="var(--muted)" x1={xs(upright)} x2={xs(upright)} y2={room.height} />
            ) : null}
            {bars.map((bar, index) => (
              <g key={bar.from} onPointerEnter={() => onCursor(index)} onPointerLeave={() => onCursor(null)}>
                <Bar
                  fill={index === cursor ? "var(--now)" : (bar.color ?? "var(--accent)")}
                  fillOpacity={0.8}
                  height={Math.max(0, room.height - ys(bar.value))}
                  width={Math.max(1, xs(bar.to) - xs(bar.from) - 1)}
                  x={xs(bar.from)}
                  y={ys(bar.value)}
                />
                {bar.expected === undefined ? null : (
                  <line
                    stroke="var(--text)"
                    strokeWidth={2}
                    x1={xs(bar.from)}
                    x2={xs(bar.to)}
                    y1={ys(bar.expected)}
                    y2={ys(bar.expected)}
                  />
                )}
              </g>
            ))}
          </>
        );
      }}
    </ChartFrame>
  );
}
