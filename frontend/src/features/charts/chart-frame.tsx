"use client";
import { AxisBottom, AxisLeft } from "@visx/axis";
import type { ReactNode } from "react";
import { useSize } from "./use-size";

/** The room inside the axes, in pixels. */
export interface Room {
  width: number;
  height: number;
}

const MARGIN = { top: 8, right: 22, bottom: 42, left: 60 };
const TICK = { fill: "var(--muted)", fontSize: 10, fontFamily: "inherit" };
const LABEL = { fill: "var(--muted)", fontSize: 10, fontFamily: "inherit", textAnchor: "middle" as const };

interface Props {
  left?: number;
  bottom?: number;
  children: (room: Room) => ReactNode;
}

/** An SVG as large as its place, with room for two axes. Text for those who do not see it is the figure's. */
export function ChartFrame({ left = MARGIN.left, bottom = MARGIN.bottom, children }: Props) {
  const [host, size] = useSize();
  const room = size && {
    width: size.width - left - MARGIN.right,
    height: size.height - MARGIN.top - bottom,
  };
  return (
    <div className="absolute inset-0" ref={host}>
      {size && room && room.width > 20 && room.height > 20 ? (
        <svg aria-hidden="true" className="block" height={size.height} width={size.width}>
          <g transform={`translate(${left},${MARGIN.top})`}>{children(room)}</g>
        </svg>
      ) : null}
    </div>
  );
}

// biome-ignore lint/suspicious/noExplicitAny: visx axes take any scale of theirs
type AnyScale = any;

interface AxisProps {
  scale: AnyScale;
  room: Room;
  label?: string;
  ticks?: number;
  values?: readonly (number | string | Date)[];
  format?: (value: number) => string;
}

export function XAxis({ scale, room, label, ticks, values, format }: AxisProps) {
  return (
    <AxisBottom
      hideTicks
      label={label}
      labelOffset={6}
      labelProps={LABEL}
      numTicks={ticks ?? Math.max(2, Math.floor(room.width / 90))}
      scale={scale}
      stroke="var(--line)"
      tickFormat={format ? (value) => format(Number(value)) : undefined}
      tickLabelProps={{ ...TICK, textAnchor: "middle" }}
      tickValues={values as number[] | undefined}
      top={room.height}
    />
  );
}

/** With lines across, so that a value can be read far from the axis. */
export function YAxis({ scale, room, label, ticks, values, format }: AxisProps) {
  const count = ticks ?? Math.max(2, Math.floor(room.height / 40));
  const marks: number[] = values ? [...(values as number[])] : (scale.ticks?.(count) ?? []);
  return (
    <>
      {marks.map((mark) => (
        <line
          key={mark}
          stroke="var(--line)"
          strokeDasharray="2 3"
          x2={room.width}
          y1={scale(mark)}
          y2={scale(mark)}
        />
      ))}
      <AxisLeft
        hideAxisLine
        hideTicks
        label={label}
        labelOffset={40}
        labelProps={LABEL}
        scale={scale}
        tickFormat={format ? (value) => format(Number(value)) : undefined}
        tickLabelProps={{ ...TICK, textAnchor: "end", dx: "-0.3em", dy: "0.32em" }}
        tickValues={marks}
      />
    </>
  );
}
