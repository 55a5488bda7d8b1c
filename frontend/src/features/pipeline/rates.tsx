"use client";
import { useMemo } from "react";
import { LinesFigure } from "@/features/charts/lines-figure";
import { clockTimeSeconds } from "@/lib/time";
import { formatCount } from "@/lib/units";
import type { Column } from "@/ui/column";
import { pipelineWords } from "@/words/pipeline";
import { useWords } from "@/words/use-words";
import { everyBucket } from "./hops";
import type { RatePoint } from "./wire";

const nothing = (at: string): RatePoint => ({
  at,
  batches: 0,
  messages: 0,
  stored: 0,
  duplicates: 0,
  refused: 0,
  undecodable: 0,
  late: 0,
  longest_s: null,
});

/** What the stream stored and refused, minute by minute of the last hour. */
export function Rates({ items, bucketS }: { items: readonly RatePoint[]; bucketS: number }) {
  const t = useWords(pipelineWords).rates;
  const rows = useMemo(() => everyBucket(items, bucketS, nothing), [items, bucketS]);
  const columns = useMemo((): Column<RatePoint>[] => {
    const count = (key: keyof RatePoint, name: string): Column<RatePoint> => ({
      key,
      name,
      numeric: true,
      value: (r) => Number(r[key]),
    });
    return [
      {
        key: "at",
        name: t.minute,
        value: (r) => r.at,
        show: (r) => `${clockTimeSeconds(Date.parse(r.at), "UTC")} UTC`,
      },
      count("messages", t.messages),
      count("stored", t.stored),
      count("duplicates", t.duplicates),
      count("refused", t.refused),
      count("undecodable", t.undecodable),
      count("late", t.late),
      count("batches", t.batches),
      { key: "longest_s", name: t.longest, unit: "s", numeric: true, value: (r) => r.longest_s },
    ];
  }, [t]);
  const lines = [
    { key: "stored", name: t.stored, color: "var(--accent)", values: rows.map((r) => r.stored) },
    {
      key: "messages",
      name: t.messages,
      color: "var(--gate)",
      dash: "5 3",
      values: rows.map((r) => r.messages),
    },
    {
      key: "refused",
      name: t.refused,
      color: "var(--bad)",
      dash: "2 2",
      values: rows.map((r) => r.refused + r.undecodable),
    },
  ];
  const batches = rows.reduce((sum, one) => sum + one.batches, 0);
  return (
    <LinesFigure
      at={(r) => Date.parse(r.at)}
      byPowers
      caption={t.caption(formatCount(batches))}
      columns={columns}
      description={t.description}
      file="stream-rates"
      lines={lines}
      rows={rows}
      title={t.title}
      xLabel={t.axis}
      yFormat={formatCount}
      yLabel={t.perMinute}
    />
  );
}
