import type { Figured } from "./wire";

interface Props {
  figure: Figured | null;
  from: number;
  to: number;
  /** What it is compared with. */
  border: number;
}

/** Dot and whiskers within a cell; the numbers stand beside it. */
export function Interval({ figure, from, to, border }: Props) {
  if (!figure) return null;
  const at = (value: number) => 4 + (112 * (Math.max(from, Math.min(to, value)) - from)) / (to - from || 1);
  return (
    <svg aria-hidden="true" className="inline-block align-middle" height="14" width="120">
      <line stroke="var(--line)" x1="4" x2="116" y1="7" y2="7" />
      <line stroke="var(--muted)" strokeDasharray="2 2" x1={at(border)} x2={at(border)} y1="0" y2="14" />
      {figure.low === null || figure.high === null ? null : (
        <line
          stroke="var(--accent)"
          strokeWidth="3"
          x1={at(figure.low)}
          x2={Math.max(at(figure.high), at(figure.low) + 1)}
          y1="7"
          y2="7"
        />
      )}
      <circle cx={at(figure.value)} cy="7" fill="var(--accent)" r="3.5" stroke="var(--surface)" />
    </svg>
  );
}
