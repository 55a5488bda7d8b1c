"use client";
import { useMemo } from "react";
import { formatPercent } from "@/lib/units";
import type { Column } from "@/ui/column";
import { DataTable } from "@/ui/data-table";
import { accuracyWords } from "@/words/accuracy";
import { useWords } from "@/words/use-words";
import { percentWithInterval } from "./figures";
import { Interval } from "./interval";
import type { AccuracyRow, Band } from "./wire";

/** Coverage of each band with its sharpness: a band can always cover by being wide. */
export function Bands({ row }: { row: AccuracyRow }) {
  const words = useWords(accuracyWords);
  const t = words.bands;
  const columns = useMemo(
    (): Column<Band>[] => [
      {
        key: "nominal_ratio",
        name: t.nominal,
        value: (b) => b.nominal_ratio,
        show: (b) => t.promise(Math.round(b.nominal_ratio * 10)),
      },
      {
        key: "coverage_ratio",
        name: t.coverage,
        value: (b) => b.coverage.value,
        show: (b) => (
          <span className="flex items-center gap-2 whitespace-nowrap">
            <Interval border={b.nominal_ratio} figure={b.coverage} from={0} to={1} />
            {percentWithInterval(b.coverage, words.to)}
          </span>
        ),
      },
      {
        key: "coverage_low_ratio",
        name: words.reliability.low,
        numeric: true,
        value: (b) => b.coverage.low,
        show: (b) => (b.coverage.low === null ? "—" : formatPercent(b.coverage.low, 1)),
      },
      {
        key: "coverage_high_ratio",
        name: words.reliability.high,
        numeric: true,
        value: (b) => b.coverage.high,
        show: (b) => (b.coverage.high === null ? "—" : formatPercent(b.coverage.high, 1)),
      },
      {
        key: "width_ratio",
        name: t.width,
        unit: words.contest.ofRange,
        numeric: true,
        value: (b) => b.width_ratio,
        show: (b) => formatPercent(b.width_ratio, 1),
      },
      { key: "forecasts", name: words.contest.forecasts, numeric: true, value: (b) => b.forecasts },
      {
        key: "method",
        name: t.method,
        value: (b) => b.coverage.method,
        show: (b) => words.methods[b.coverage.method],
      },
    ],
    [t, words],
  );
  return (
    <DataTable
      caption={t.title}
      columns={columns}
      file="coverage"
      rowKey={(b) => String(b.nominal_ratio)}
      rows={row.coverage}
    />
  );
}
