"use client";
import { useMemo } from "react";
import { formatNumber } from "@/lib/units";
import type { Column } from "@/ui/column";
import { ExportButtons } from "@/ui/export-buttons";
import { Panel } from "@/ui/panel";
import { modelWords } from "@/words/models";
import { useWords } from "@/words/use-words";
import type { Importance as ImportanceAnswer } from "./wire";

type Item = ImportanceAnswer["items"][number];

/** The five features without which the serving version would lose most. */
export function Importance({ data }: { data: ImportanceAnswer }) {
  const t = useWords(modelWords).importance;
  const high = Math.max(...data.items.map((one) => Math.abs(one.importance)), 1e-12);
  const columns = useMemo(
    (): Column<Item>[] => [
      { key: "feature", name: t.feature, value: (i) => i.feature },
      { key: "importance", name: t.rise, numeric: true, value: (i) => i.importance },
      { key: "std", name: t.spread, numeric: true, value: (i) => i.std },
    ],
    [t],
  );
  return (
    <Panel note={t.note(data.version)} testId="importance" title={t.title}>
      <table className="w-full text-xs">
        <caption className="sr-only">{t.description}</caption>
        <thead className="text-muted">
          <tr>
            <th className="py-1 text-left font-medium" scope="col">
              {t.feature}
            </th>
            <th className="w-1/2 py-1 text-left font-medium" scope="col">
              {t.rise}
            </th>
            <th className="py-1 text-right font-medium" scope="col">
              {t.value}
            </th>
          </tr>
        </thead>
        <tbody>
          {data.items.map((one) => (
            <tr className="border-line border-t" key={one.feature}>
              <th className="py-1.5 pr-2 text-left font-normal" scope="row">
                {one.feature}
              </th>
              <td className="py-1.5">
                <span
                  className={`block h-2.5 rounded-sm ${one.importance < 0 ? "bg-muted" : "bg-accent"}`}
                  style={{ width: `${Math.max(1, (Math.abs(one.importance) / high) * 100)}%` }}
                />
              </td>
              <td className="whitespace-nowrap py-1.5 pl-2 text-right">
                {formatNumber(one.importance, 4)}{" "}
                <span className="text-muted">± {formatNumber(one.std, 4)}</span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <div className="mt-2 flex flex-wrap items-center justify-between gap-2 text-2xs text-muted">
        <span>{t.caption(data.items.length)}</span>
        <ExportButtons columns={columns} file="importance" rows={data.items} />
      </div>
    </Panel>
  );
}
