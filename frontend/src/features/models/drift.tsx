"use client";
import { useMemo } from "react";
import { LineChart } from "@/features/charts/line-chart";
import { dayAndTime } from "@/lib/time";
import { formatNumber, formatPercent } from "@/lib/units";
import type { Column } from "@/ui/column";
import { DataTable } from "@/ui/data-table";
import { Figure } from "@/ui/figure";
import { Panel } from "@/ui/panel";
import { Pill } from "@/ui/pill";
import { modelWords } from "@/words/models";
import { useWords } from "@/words/use-words";
import { type FeatureRow, featureRows } from "./tables";
import type { DriftCheck, DriftState } from "./wire";

/** Whether the data still looks like what models learned from: over the checks, by feature, and the whole report. */
export function Drift({ data }: { data: DriftState }) {
  const words = useWords(modelWords);
  const t = words.drift;
  const checks = useMemo(() => [...data.items].reverse(), [data.items]);
  const newest = data.items[0];
  const columns = useMemo(
    (): Column<DriftCheck>[] => [
      {
        key: "checked_at",
        name: t.checked,
        value: (c) => c.checked_at,
        show: (c) => `${dayAndTime(Date.parse(c.checked_at), "UTC")} UTC`,
      },
      {
        key: "share_ratio",
        name: t.share,
        numeric: true,
        value: (c) => c.share_ratio,
        show: (c) => formatPercent(c.share_ratio),
      },
      { key: "drifted", name: t.drifted, numeric: true, value: (c) => c.drifted },
      { key: "judged", name: t.judged, numeric: true, value: (c) => c.judged },
      { key: "detected", name: t.result, value: (c) => (c.detected ? t.yes : t.no) },
      { key: "triggered_retrain", name: t.retrain, value: (c) => (c.triggered_retrain ? t.asked : "") },
    ],
    [t],
  );
  return (
    <>
      <Panel
        actions={
          newest ? <Pill tone={newest.detected ? "bad" : "ok"}>{newest.detected ? t.yes : t.no}</Pill> : null
        }
        note={newest ? t.note(newest.drifted, newest.judged, formatPercent(newest.share_ratio)) : null}
        testId="drift"
        title={t.title}
      >
        <Figure
          caption={t.caption(checks.length, formatPercent(data.threshold_ratio))}
          columns={columns}
          description={t.description}
          file="drift"
          rowKey={(c) => `${c.checked_at}-${c.drifted}`}
          rows={checks}
          title={t.share}
        >
          {(cursor, setCursor) => (
            <LineChart
              cursor={cursor}
              lines={[
                {
                  key: "share",
                  name: t.share,
                  color: "var(--accent)",
                  values: checks.map((c) => c.share_ratio),
                },
              ]}
              marks={[
                {
                  at: data.threshold_ratio,
                  name: t.threshold(formatPercent(data.threshold_ratio)),
                  color: "var(--bad)",
                },
              ]}
              onCursor={setCursor}
              x={checks.map((c) => Date.parse(c.checked_at))}
              xLabel="UTC"
              yFormat={(v) => formatPercent(v)}
              yLabel={t.share}
            />
          )}
        </Figure>
      </Panel>
      <Panel flush testId="drift-features" title={t.features}>
        <Features data={data} />
      </Panel>
      <Panel flush testId="drift-report" title={t.report}>
        <iframe
          className="block h-[36rem] w-full border-0 bg-white"
          loading="lazy"
          referrerPolicy="no-referrer"
          sandbox=""
          src="/api/reports/drift"
          title={t.report}
        />
      </Panel>
    </>
  );
}

function Features({ data }: { data: DriftState }) {
  const t = useWords(modelWords).drift;
  const rows = useMemo(() => featureRows(data), [data]);
  const columns = useMemo((): Column<FeatureRow>[] => {
    const number = (
      key: string,
      name: string,
      value: (f: FeatureRow) => number | null,
      digits = 3,
    ): Column<FeatureRow> => ({
      key,
      name,
      numeric: true,
      value,
      show: (f) => {
        const found = value(f);
        return found === null ? "—" : formatNumber(found, digits);
      },
    });
    return [
      { key: "feature", name: t.feature, value: (f) => f.name },
      {
        key: "result",
        name: t.result,
        value: (f) => (f.unjudged ? f.unjudged : f.drifted ? t.yes : t.no),
        show: (f) =>
          f.unjudged ? (
            <span className="text-muted">{t.unjudged(f.unjudged)}</span>
          ) : (
            <Pill tone={f.drifted ? "bad" : "quiet"}>{f.drifted ? t.yes : t.no}</Pill>
          ),
      },
      number("psi", "PSI", (f) => f.psi),
      number("ks", "KS", (f) => f.ks),
      number("p_value", "p", (f) => f.p),
      number("reference_mean", t.before, (f) => f.before, 2),
      number("current_mean", t.now, (f) => f.now, 2),
      {
        key: "missing_ratio",
        name: t.missing,
        numeric: true,
        value: (f) => f.missing,
        show: (f) => (f.missing === null ? "—" : formatPercent(f.missing, 1)),
      },
    ];
  }, [t]);
  return (
    <DataTable
      caption={t.features}
      columns={columns}
      file="drift-features"
      height="max-h-96"
      rowKey={(f) => f.name}
      rows={rows}
    />
  );
}
