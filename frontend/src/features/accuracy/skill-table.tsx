"use client";
import { useMemo } from "react";
import { formatCount, formatPercent } from "@/lib/units";
import type { Column } from "@/ui/column";
import { ExportButtons } from "@/ui/export-buttons";
import { accuracyWords } from "@/words/accuracy";
import { useWords } from "@/words/use-words";
import { against, percentWithInterval, skillGrid, tint } from "./figures";
import type { SkillCell, SkillTable } from "./wire";

const MARK = { better: "▲", worse: "▼", open: "" } as const;

/** Skill by two dimensions. Each cell says its number, the color only helps; the mark says that it is not chance. */
export function SkillGrid({ table, names }: { table: SkillTable; names: ReadonlyMap<string, string> }) {
  const words = useWords(accuracyWords);
  const t = words.skill;
  const { rows, columns, at } = useMemo(() => skillGrid(table.items), [table.items]);
  const exported = useMemo(
    (): Column<SkillCell>[] => [
      { key: table.rows, name: table.rows, value: (c) => c.row },
      { key: table.columns, name: table.columns, value: (c) => c.column },
      { key: "skill_ratio", name: "skill", value: (c) => c.skill?.value ?? null },
      { key: "skill_low_ratio", name: "low", value: (c) => c.skill?.low ?? null },
      { key: "skill_high_ratio", name: "high", value: (c) => c.skill?.high ?? null },
      { key: "pinball_ratio", name: "pinball", value: (c) => c.pinball_ratio },
      { key: "baseline_ratio", name: "baseline", value: (c) => c.baseline_ratio },
      { key: "forecasts", name: "forecasts", value: (c) => c.forecasts },
      { key: "blocks", name: "blocks", value: (c) => c.blocks },
    ],
    [table.rows, table.columns],
  );
  const name = (dimension: string, value: string) =>
    dimension === "series"
      ? (names.get(value) ?? value)
      : dimension === "kind"
        ? (words.kinds[value] ?? value)
        : dimension === "lead"
          ? t.lead(value)
          : t.hour(value);
  return (
    <>
      <section
        aria-label={t.description}
        className="max-h-[32rem] overflow-auto focus-visible:-outline-offset-2"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
        tabIndex={0}
      >
        <table className="w-full border-collapse text-2xs" data-testid="skill-table">
          <caption className="sr-only">{t.description}</caption>
          <thead className="sticky top-0 z-1 bg-surface">
            <tr>
              <th
                className="sticky left-0 bg-surface px-2 py-1.5 text-left font-medium text-muted"
                scope="col"
              >
                {t.dimensions[table.rows as keyof typeof t.dimensions]}
              </th>
              {columns.map((column) => (
                <th className="px-1.5 py-1.5 text-right font-medium text-muted" key={column} scope="col">
                  {name(table.columns, column)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr className="border-line border-t" key={row}>
                <th
                  className="sticky left-0 max-w-40 truncate bg-surface px-2 py-1 text-left font-normal"
                  scope="row"
                >
                  {name(table.rows, row)}
                </th>
                {columns.map((column) => (
                  <Cell cell={at(row, column)} key={column} to={words.to} title={t.cell} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <div className="flex flex-wrap items-center justify-between gap-2 border-line border-t px-2 py-1 text-2xs text-muted">
        <span>{t.legend}</span>
        <ExportButtons columns={exported} file="skill" rows={table.items} />
      </div>
    </>
  );
}

function Cell(props: {
  cell: SkillCell | undefined;
  to: string;
  title: (skill: string, forecasts: string, blocks: number) => string;
}) {
  const { cell, to, title } = props;
  if (!cell) return <td className="px-1.5 py-1 text-right text-muted">—</td>;
  const strength = tint(cell);
  const color = strength >= 0 ? "var(--ok)" : "var(--bad)";
  const verdict = against(cell.skill, 0);
  return (
    <td
      className="whitespace-nowrap px-1.5 py-1 text-right"
      style={{
        background: `color-mix(in srgb, ${color} ${Math.round(Math.abs(strength) * 26)}%, transparent)`,
      }}
      title={title(percentWithInterval(cell.skill, to), formatCount(cell.forecasts), cell.blocks)}
    >
      <span aria-hidden="true" className="mr-0.5 text-[0.5rem]">
        {MARK[verdict]}
      </span>
      {cell.skill ? formatPercent(cell.skill.value) : "—"}
      <span className="block text-[0.625rem]">n {formatCount(cell.forecasts)}</span>
    </td>
  );
}
