import { clockTime } from "@/lib/time";
import { formatNumber, type Scale } from "@/lib/units";
import { type Plane, ticks } from "./plot";

interface Props {
  plane: Plane;
  y: readonly [number, number];
  scale: Scale;
  /** Moments to name below, in milliseconds. */
  times: readonly number[];
  zone: string;
}

/** Grid, values at the left with their unit, times below. */
export function Axes({ plane, y, scale, times, zone }: Props) {
  const values = ticks([y[0] * scale.factor, y[1] * scale.factor], 4);
  const step = Math.abs((values[1] ?? 1) - (values[0] ?? 0));
  const digits = step >= 1 ? 0 : step >= 0.1 ? 1 : 2;
  return (
    <g fontSize={11}>
      <text fill="var(--muted)" textAnchor="end" x={plane.left - 8} y={10}>
        {scale.unit}
      </text>
      {values.map((value) => {
        const at = plane.y(value / scale.factor);
        return (
          <g key={value}>
            <line stroke="var(--gap)" x1={plane.left} x2={plane.right} y1={at} y2={at} />
            {at > 18 ? (
              <text fill="var(--muted)" textAnchor="end" x={plane.left - 8} y={at + 4}>
                {formatNumber(value, digits)}
              </text>
            ) : null}
          </g>
        );
      })}
      {times.map((ms) => (
        <text fill="var(--muted)" key={ms} textAnchor="middle" x={plane.x(ms)} y={plane.bottom + 16}>
          {clockTime(ms, zone)}
        </text>
      ))}
    </g>
  );
}
