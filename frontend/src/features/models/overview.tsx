"use client";
import type { ReactNode } from "react";
import { dayAndTime, duration } from "@/lib/time";
import { formatNumber, formatPercent } from "@/lib/units";
import { modelWords } from "@/words/models";
import { useWords } from "@/words/use-words";
import { errorUnitOf } from "./tables";
import type { DriftState, ModelList, ModelState, Performance, Training } from "./wire";

interface Props {
  list: ModelList;
  isDemand: boolean;
  state: ModelState | null;
  performance: Performance | null;
  drift: DriftState | null;
  trainings: readonly Training[] | null;
}

/** How it stands in five figures. What nobody knows yet is a dash with the reason, never a zero. */
export function Overview({ list, isDemand, state, performance, drift, trainings }: Props) {
  const t = useWords(modelWords).tiles;
  const champion = state?.aliases.champion;
  const scale = performance ? errorUnitOf(performance) : null;
  const check = drift?.items[0];
  const newest = trainings?.[0];
  return (
    <div className="grid grid-cols-2 gap-3 lg:grid-cols-5" data-testid="tiles">
      <Tile
        name={t.champion}
        note={champion?.decision || (state ? t.noChampion : t.unknown)}
        value={champion ? t.version(champion.version) : "—"}
      />
      <Tile
        name={t.mae}
        note={
          performance && performance.items.length > 0
            ? t.periods(performance.items.length, performance.series_id ?? "")
            : t.nothing
        }
        value={
          performance?.mae === null || !performance || !scale
            ? "—"
            : `${formatNumber(performance.mae * scale.factor, scale.digits)} ${scale.unit}`
        }
      />
      <Tile
        name={t.drift}
        note={check ? t.features(check.drifted, check.judged) : t.noCheck}
        tone={check?.detected ? "text-bad" : ""}
        value={check ? formatPercent(check.share_ratio) : "—"}
      />
      <Tile
        name={t.training}
        note={newest ? newest.decision || newest.state : trainings ? t.noTraining : t.unknown}
        value={newest ? dayAndTime(Date.parse(newest.started_at), "UTC") : "—"}
      />
      {isDemand ? (
        <Tile
          name={t.freshness}
          note={
            list.demand.mape_percent === null ? t.noDemand : t.mape(formatNumber(list.demand.mape_percent, 1))
          }
          value={list.demand.freshness_h === null ? "—" : duration(list.demand.freshness_h * 3_600)}
        />
      ) : (
        <Tile
          name={t.trainings}
          note={trainings ? t.ofAll : t.unknown}
          value={trainings ? String(trainings.length) : "—"}
        />
      )}
    </div>
  );
}

function Tile({
  name,
  value,
  note,
  tone = "",
}: {
  name: string;
  value: ReactNode;
  note: string;
  tone?: string;
}) {
  return (
    <div className="card min-w-0 px-3 py-2 last:odd:col-span-2 lg:last:odd:col-span-1">
      <p className="label">{name}</p>
      <p className={`truncate font-semibold text-sm leading-7 sm:text-lg ${tone}`}>{value}</p>
      <p className="line-clamp-2 text-2xs text-muted" title={note}>
        {note}
      </p>
    </div>
  );
}
