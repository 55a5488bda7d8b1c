"use client";
import { useMemo } from "react";
import { formatPercent } from "@/lib/units";
import type { Column } from "@/ui/column";
import { DataTable } from "@/ui/data-table";
import { Pill } from "@/ui/pill";
import { accuracyWords } from "@/words/accuracy";
import { useWords } from "@/words/use-words";
import { against, percentWithInterval, rowKey } from "./figures";
import { Interval } from "./interval";
import type { AccuracyRow } from "./wire";

const TONE = { better: "ok", worse: "bad", open: "quiet" } as const;

/** Every model that served beside the baseline on the very same periods. */
export function Contest(props: {
  rows: readonly AccuracyRow[];
  selected: string | null;
  onSelect: (key: string) => void;
}) {
  const words = useWords(accuracyWords);
  const columns = useMemo((): Column<AccuracyRow>[] => {
    const t = words.contest;
    const band = (row: AccuracyRow, nominal: number) =>
      row.coverage.find((one) => Math.abs(one.nominal_ratio - nominal) < 1e-6);
    return [
      { key: "kind", name: t.kind, value: (r) => r.kind, show: (r) => words.kinds[r.kind] ?? r.kind },
      { key: "model", name: t.model, value: (r) => r.model },
      { key: "product_id", name: t.product, value: (r) => r.product_id },
      {
        key: "skill_ratio",
        name: t.skill,
        value: (r) => r.skill?.value ?? null,
        show: (r) => (
          <span className="flex items-center gap-2 whitespace-nowrap">
            <Interval border={0} figure={r.skill} from={-0.5} to={1} />
            {percentWithInterval(r.skill, words.to)}
            <Pill tone={TONE[against(r.skill, 0)]}>{t.verdict[against(r.skill, 0)]}</Pill>
          </span>
        ),
      },
      {
        key: "pinball_ratio",
        name: t.pinball,
        unit: t.ofRange,
        numeric: true,
        value: (r) => r.pinball.value,
        show: (r) => percentWithInterval(r.pinball, words.to, 2),
      },
      {
        key: "baseline_pinball_ratio",
        name: t.baseline,
        unit: t.ofRange,
        numeric: true,
        value: (r) => r.baseline_pinball.value,
        show: (r) => formatPercent(r.baseline_pinball.value, 2),
      },
      {
        key: "crps_ratio",
        name: "CRPS",
        unit: t.ofRange,
        numeric: true,
        value: (r) => r.crps_ratio,
        show: (r) => (r.crps_ratio === null ? "—" : formatPercent(r.crps_ratio, 2)),
      },
      {
        key: "coverage_90_ratio",
        name: t.coverage90,
        numeric: true,
        value: (r) => band(r, 0.9)?.coverage.value ?? null,
        show: (r) => percentWithInterval(band(r, 0.9)?.coverage ?? null, words.to),
      },
      { key: "forecasts", name: t.forecasts, numeric: true, value: (r) => r.forecasts },
      { key: "series", name: t.series, numeric: true, value: (r) => r.series },
      { key: "blocks", name: t.blocks, numeric: true, value: (r) => r.blocks },
    ];
  }, [words]);
  return (
    <DataTable
      caption={words.contest.title}
      columns={columns}
      file="accuracy"
      height="max-h-96"
      onOpen={(row) => props.onSelect(rowKey(row))}
      rowKey={rowKey}
      rows={props.rows}
      selected={props.selected}
    />
  );
}
