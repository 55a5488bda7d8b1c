"use client";
import { useMemo, useState } from "react";
import { dayAndTime, duration } from "@/lib/time";
import type { Column } from "@/ui/column";
import { DataTable } from "@/ui/data-table";
import { Fact } from "@/ui/fact";
import { Panel } from "@/ui/panel";
import { Pill } from "@/ui/pill";
import { modelWords } from "@/words/models";
import { useWords } from "@/words/use-words";
import { comparedMetrics, tookS } from "./tables";
import type { ModelState, Training } from "./wire";

const COMPARED = 20;

/** The last trainings, what the gate said of each, and 20 of them side by side; the champion is marked. */
export function Trainings({ items, state }: { items: readonly Training[]; state: ModelState | null }) {
  const words = useWords(modelWords);
  const t = words.trainings;
  const champion = state?.aliases.champion?.version ?? null;
  const [open, setOpen] = useState<string | null>(null);
  const chosen = items.find((one) => one.training_id === open) ?? items[0];
  const common = useMemo(
    (): Column<Training>[] => [
      {
        key: "started_at",
        name: t.started,
        value: (r) => r.started_at,
        show: (r) => `${dayAndTime(Date.parse(r.started_at), "UTC")} UTC`,
      },
      {
        key: "version",
        name: t.version,
        value: (r) => r.version,
        show: (r) => (
          <span className="flex items-center gap-1.5">
            {r.version ?? "—"}
            {r.version !== null && r.version === champion ? <Pill tone="ok">★ {t.champion}</Pill> : null}
          </span>
        ),
      },
      {
        key: "gate",
        name: t.gate,
        value: (r) => (r.accepted === null ? "" : r.accepted ? t.passed : t.refused),
        show: (r) =>
          r.accepted === null ? (
            "—"
          ) : (
            <Pill tone={r.accepted ? "ok" : "warn"}>{r.accepted ? t.passed : t.refused}</Pill>
          ),
      },
    ],
    [t, champion],
  );
  const history = useMemo(
    (): Column<Training>[] => [
      ...common,
      { key: "mode", name: t.mode, value: (r) => r.params.mode ?? null },
      { key: "state", name: t.state, value: (r) => r.state },
      {
        key: "seconds",
        name: t.took,
        numeric: true,
        value: tookS,
        show: (r) => {
          const seconds = tookS(r);
          return seconds === null ? "—" : duration(seconds);
        },
      },
      { key: "cause", name: t.cause, value: (r) => r.reason || r.cause },
      {
        key: "decision",
        name: t.decision,
        value: (r) => r.decision,
        show: (r) => <span className="block max-w-96">{r.decision || "—"}</span>,
      },
    ],
    [common, t],
  );
  const compared = items.slice(0, COMPARED);
  const metrics = useMemo(() => comparedMetrics(compared), [compared]);
  const side = useMemo(
    (): Column<Training>[] => [
      ...common,
      ...metrics.map((name) => ({
        key: name,
        name,
        numeric: true,
        value: (r: Training) => r.metrics[name] ?? null,
      })),
      {
        key: "train_size",
        name: t.rows,
        numeric: true,
        value: (r) => (r.params.train_size ? Number(r.params.train_size) : null),
      },
    ],
    [common, metrics, t],
  );
  return (
    <>
      <Panel flush note={t.note(items.length)} testId="trainings" title={t.title}>
        <DataTable
          caption={t.title}
          columns={history}
          file="trainings"
          height="max-h-96"
          onOpen={(r) => setOpen(r.training_id)}
          rowKey={(r) => r.training_id}
          rows={items}
          selected={chosen?.training_id ?? null}
        />
      </Panel>
      <Panel flush note={t.compareNote(compared.length)} testId="compare" title={t.compare}>
        <DataTable
          caption={t.compare}
          columns={side}
          file="trainings-compared"
          height="max-h-96"
          rowKey={(r) => r.training_id}
          rows={compared}
        />
      </Panel>
      {chosen ? (
        <Panel note={chosen.name} testId="gate" title={t.gateTitle}>
          <p className="mb-2 text-sm">{chosen.decision || t.noDecision}</p>
          <dl className="grid grid-cols-1 gap-x-8 sm:grid-cols-2 xl:grid-cols-3">
            {Object.entries({ ...chosen.params, ...chosen.metrics }).map(([name, value]) => (
              <Fact key={name} name={name}>
                {typeof value === "number" ? String(Math.round(value * 1e5) / 1e5) : value}
              </Fact>
            ))}
          </dl>
        </Panel>
      ) : null}
    </>
  );
}
