"use client";
import { useMemo } from "react";
import { BarChart } from "@/features/charts/bar-chart";
import { Legend } from "@/features/charts/legend";
import { LineChart } from "@/features/charts/line-chart";
import { dayAndTime } from "@/lib/time";
import { formatCount, formatNumber } from "@/lib/units";
import type { Column } from "@/ui/column";
import { Figure } from "@/ui/figure";
import { Panel } from "@/ui/panel";
import { modelWords } from "@/words/models";
import { useWords } from "@/words/use-words";
import { type ErrorBin, errorBins, errorUnitOf, unitOf } from "./tables";
import type { Outcome, Performance as PerformanceAnswer } from "./wire";

/** What was predicted and what came, the errors in 50 bins, and the error over the last week. */
export function Performance({ data }: { data: PerformanceAnswer }) {
  const words = useWords(modelWords);
  const t = words.performance;
  const scale = unitOf(data);
  const small = errorUnitOf(data);
  const say = (value: number | null) =>
    value === null ? "—" : `${formatNumber(value * small.factor, small.digits)} ${small.unit}`;
  const n = formatCount(data.items.length);
  const columns = useMemo((): Column<Outcome>[] => {
    const number = (
      key: string,
      name: string,
      value: (o: Outcome) => number,
      [factor, unit, digits]: readonly [number, string, number],
    ): Column<Outcome> => ({
      key: `${key}_${unit.toLowerCase()}`,
      name,
      unit,
      numeric: true,
      value: (o) => value(o) * factor,
      show: (o) => formatNumber(value(o) * factor, digits),
    });
    const whole = [scale.factor, scale.unit, scale.digits] as const;
    const error = [small.factor, small.unit, small.digits] as const;
    return [
      {
        key: "period_start",
        name: t.period,
        value: (o) => o.period_start,
        show: (o) => `${dayAndTime(Date.parse(o.period_start), "UTC")} UTC`,
      },
      number("actual", t.actual, (o) => o.actual, whole),
      number("predicted", t.predicted, (o) => o.predicted, whole),
      number("error", t.error, (o) => o.predicted - o.actual, error),
      number("rolling_mae", t.rolling, (o) => o.rolling_mae, error),
      { key: "rolling_periods", name: t.restsOn, numeric: true, value: (o) => o.rolling_periods },
      { key: "model", name: words.model, value: (o) => o.model },
    ];
  }, [t, words, scale.factor, scale.unit, scale.digits, small.factor, small.unit, small.digits]);
  const x = data.items.map((one) => Date.parse(one.period_start));
  const lines = [
    {
      key: "actual",
      name: t.actual,
      color: "var(--actual)",
      values: data.items.map((one) => one.actual * scale.factor),
    },
    {
      key: "predicted",
      name: t.predicted,
      color: "var(--accent)",
      dash: "5 3",
      values: data.items.map((one) => one.predicted * scale.factor),
    },
  ];
  return (
    <>
      <Panel
        note={t.figures(say(data.mae), say(data.rmse), say(data.bias))}
        testId="performance"
        title={t.title}
      >
        <Legend entries={lines} />
        <Figure
          caption={t.caption(n)}
          columns={columns}
          description={t.description}
          file="actual-and-predicted"
          rowKey={(o) => o.period_start}
          rows={data.items}
          title={data.series_id ?? ""}
        >
          {(cursor, setCursor) => (
            <LineChart
              cursor={cursor}
              fromZero={false}
              lines={lines}
              onCursor={setCursor}
              x={x}
              xLabel="UTC"
              yFormat={(v) => formatNumber(v, scale.digits)}
              yLabel={scale.unit}
            />
          )}
        </Figure>
      </Panel>
      <div className="grid grid-cols-1 gap-3 xl:grid-cols-2">
        <Panel testId="errors" title={t.histogram}>
          <Histogram bins={errorBins(data, small.factor)} digits={small.digits} n={n} unit={small.unit} />
        </Panel>
        <Panel testId="rolling" title={t.rollingTitle}>
          <Figure
            caption={t.rollingCaption(formatCount(data.items.at(-1)?.rolling_periods ?? 0))}
            columns={columns}
            description={t.rollingDescription}
            file="rolling-error"
            rowKey={(o) => o.period_start}
            rows={data.items}
            title={t.rolling}
          >
            {(cursor, setCursor) => (
              <LineChart
                cursor={cursor}
                lines={[
                  {
                    key: "mae",
                    name: t.rolling,
                    color: "var(--accent)",
                    values: data.items.map((one) => one.rolling_mae * small.factor),
                  },
                ]}
                onCursor={setCursor}
                x={x}
                xLabel="UTC"
                yFormat={(v) => formatNumber(v, small.digits)}
                yLabel={small.unit}
              />
            )}
          </Figure>
        </Panel>
      </div>
    </>
  );
}

function Histogram({ bins, unit, digits, n }: { bins: ErrorBin[]; unit: string; digits: number; n: string }) {
  const t = useWords(modelWords).performance;
  const columns = useMemo(
    (): Column<ErrorBin>[] => [
      {
        key: `from_${unit.toLowerCase()}`,
        name: t.from,
        unit,
        numeric: true,
        value: (b) => b.from,
        show: (b) => formatNumber(b.from, digits),
      },
      {
        key: `to_${unit.toLowerCase()}`,
        name: t.until,
        unit,
        numeric: true,
        value: (b) => b.to,
        show: (b) => formatNumber(b.to, digits),
      },
      { key: "forecasts", name: t.forecasts, numeric: true, value: (b) => b.count },
    ],
    [t, unit, digits],
  );
  return (
    <Figure
      caption={t.histogramCaption(n)}
      columns={columns}
      description={t.histogramDescription}
      file="errors"
      rowKey={(b) => String(b.from)}
      rows={bins}
      title={t.errors}
    >
      {(cursor, setCursor) => (
        <BarChart
          bars={bins.map((bin) => ({ from: bin.from, to: bin.to, value: bin.count }))}
          cursor={cursor}
          onCursor={setCursor}
          upright={0}
          xFormat={(v) => formatNumber(v, digits)}
          xLabel={`${t.error}, ${unit}`}
          yFormat={formatCount}
          yLabel={t.forecasts}
        />
      )}
    </Figure>
  );
}
