"use client";
import { useMemo } from "react";
import { LinesFigure } from "@/features/charts/lines-figure";
import { dayAndTime } from "@/lib/time";
import { formatCount, formatPercent } from "@/lib/units";
import type { Column } from "@/ui/column";
import { accuracyWords } from "@/words/accuracy";
import { useWords } from "@/words/use-words";
import { type Moment, moments } from "./figures";
import type { TimelinePoint } from "./wire";

/** What served and the baseline, bucket by bucket, on the same periods. */
export function OverTime({ points }: { points: readonly TimelinePoint[] }) {
  const words = useWords(accuracyWords);
  const t = words.timeline;
  const rows = useMemo(() => moments(points), [points]);
  const columns = useMemo(
    (): Column<Moment>[] => [
      {
        key: "period_start",
        name: t.hour,
        value: (m) => new Date(m.ms).toISOString(),
        show: (m) => `${dayAndTime(m.ms, "UTC")} UTC`,
      },
      {
        key: "pinball_ratio",
        name: t.served,
        unit: words.contest.ofRange,
        numeric: true,
        value: (m) => m.served,
        show: (m) => formatPercent(m.served, 2),
      },
      {
        key: "baseline_ratio",
        name: t.baseline,
        unit: words.contest.ofRange,
        numeric: true,
        value: (m) => m.baseline,
        show: (m) => formatPercent(m.baseline, 2),
      },
      { key: "forecasts", name: words.contest.forecasts, numeric: true, value: (m) => m.forecasts },
    ],
    [t, words],
  );
  const lines = [
    { key: "served", name: t.served, color: "var(--accent)", values: rows.map((m) => m.served) },
    {
      key: "baseline",
      name: t.baseline,
      color: "var(--muted)",
      dash: "5 3",
      values: rows.map((m) => m.baseline),
    },
  ];
  const total = rows.reduce((sum, m) => sum + m.forecasts, 0);
  return (
    <LinesFigure
      at={(m) => m.ms}
      caption={t.caption(formatCount(total))}
      columns={columns}
      description={t.description}
      file="accuracy-over-time"
      lines={lines}
      rows={rows}
      title={t.title}
      xLabel="UTC"
      yFormat={(value) => formatPercent(value, 1)}
      yLabel={words.contest.ofRange}
    />
  );
}
