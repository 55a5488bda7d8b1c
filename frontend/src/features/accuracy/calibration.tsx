"use client";
import { scaleLinear } from "@visx/scale";
import { LinePath } from "@visx/shape";
import { useMemo } from "react";
import { BarChart } from "@/features/charts/bar-chart";
import { ChartFrame, XAxis, YAxis } from "@/features/charts/chart-frame";
import { formatCount, formatNumber, formatPercent } from "@/lib/units";
import type { Column } from "@/ui/column";
import { Figure } from "@/ui/figure";
import { accuracyWords } from "@/words/accuracy";
import { useWords } from "@/words/use-words";
import { percentWithInterval } from "./figures";
import type { AccuracyRow, Level, PitBin } from "./wire";

const percent = (value: number) => formatPercent(value);

/** Whether what should be exceeded as often was. */
export function Reliability({ row }: { row: AccuracyRow }) {
  const words = useWords(accuracyWords);
  const t = words.reliability;
  const columns = useMemo(
    (): Column<Level>[] => [
      {
        key: "level_ratio",
        name: t.level,
        numeric: true,
        value: (r) => r.level_bps / 10_000,
        show: (r) => percent(r.level_bps / 10_000),
      },
      {
        key: "observed_ratio",
        name: t.observed,
        numeric: true,
        value: (r) => r.observed.value,
        show: (r) => percentWithInterval(r.observed, words.to),
      },
      { key: "observed_low_ratio", name: t.low, numeric: true, value: (r) => r.observed.low },
      { key: "observed_high_ratio", name: t.high, numeric: true, value: (r) => r.observed.high },
      { key: "forecasts", name: words.contest.forecasts, numeric: true, value: (r) => r.forecasts },
    ],
    [t, words],
  );
  return (
    <Figure
      caption={t.caption(formatCount(row.forecasts), row.blocks)}
      columns={columns}
      description={t.description}
      file="reliability"
      height="h-72"
      rowKey={(r) => String(r.level_bps)}
      rows={row.reliability}
      say={(r) => t.say(formatNumber(r.level_bps / 1_000, 1), formatPercent(r.observed.value, 1))}
      title={t.title}
    >
      {(cursor, setCursor) => (
        <ChartFrame>
          {(room) => {
            const x = scaleLinear({ domain: [0, 1], range: [0, room.width] });
            const y = scaleLinear({ domain: [0, 1], range: [room.height, 0] });
            return (
              <>
                <YAxis format={percent} label={t.observed} room={room} scale={y} />
                <XAxis
                  format={percent}
                  label={t.level}
                  room={room}
                  scale={x}
                  values={[0, 0.25, 0.5, 0.75, 1]}
                />
                <line stroke="var(--muted)" strokeDasharray="5 4" x1={x(0)} x2={x(1)} y1={y(0)} y2={y(1)} />
                <LinePath
                  data={row.reliability}
                  fill="none"
                  stroke="var(--accent)"
                  strokeWidth={1.6}
                  x={(p) => x(p.level_bps / 10_000)}
                  y={(p) => y(p.observed.value)}
                />
                {row.reliability.map((p, index) => (
                  <g
                    key={p.level_bps}
                    onPointerEnter={() => setCursor(index)}
                    onPointerLeave={() => setCursor(null)}
                  >
                    {p.observed.low === null || p.observed.high === null ? null : (
                      <line
                        stroke="var(--accent)"
                        strokeWidth={2}
                        x1={x(p.level_bps / 10_000)}
                        x2={x(p.level_bps / 10_000)}
                        y1={y(p.observed.low)}
                        y2={y(p.observed.high)}
                      />
                    )}
                    <circle
                      cx={x(p.level_bps / 10_000)}
                      cy={y(p.observed.value)}
                      fill={index === cursor ? "var(--now)" : "var(--accent)"}
                      r={index === cursor ? 6 : 4}
                      stroke="var(--surface)"
                    />
                  </g>
                ))}
              </>
            );
          }}
        </ChartFrame>
      )}
    </Figure>
  );
}

/** Where outcomes fell between the levels: flat is honest, a cup is too narrow, a hump too wide. */
export function Pit({ row }: { row: AccuracyRow }) {
  const words = useWords(accuracyWords);
  const t = words.pit;
  const columns = useMemo(
    (): Column<PitBin>[] => [
      {
        key: "from_ratio",
        name: t.from,
        numeric: true,
        value: (r) => r.from_bps / 10_000,
        show: (r) => percent(r.from_bps / 10_000),
      },
      {
        key: "to_ratio",
        name: t.until,
        numeric: true,
        value: (r) => r.to_bps / 10_000,
        show: (r) => percent(r.to_bps / 10_000),
      },
      {
        key: "share_ratio",
        name: t.share,
        numeric: true,
        value: (r) => r.share,
        show: (r) => formatPercent(r.share, 1),
      },
      {
        key: "expected_ratio",
        name: t.expected,
        numeric: true,
        value: (r) => r.expected_ratio,
        show: (r) => formatPercent(r.expected_ratio, 1),
      },
      { key: "density", name: t.density, numeric: true, value: (r) => r.share / r.expected_ratio },
    ],
    [t],
  );
  const bars = row.pit.map((bin) => ({
    from: bin.from_bps / 10_000,
    to: bin.to_bps / 10_000,
    value: bin.share / bin.expected_ratio,
    expected: 1,
  }));
  return (
    <Figure
      caption={t.caption(formatCount(row.forecasts))}
      columns={columns}
      description={t.description}
      file="pit"
      height="h-72"
      rowKey={(r) => String(r.from_bps)}
      rows={row.pit}
      title={t.title}
    >
      {(cursor, setCursor) => (
        <BarChart
          bars={bars}
          cursor={cursor}
          onCursor={setCursor}
          xFormat={percent}
          xLabel={t.axis}
          xValues={[0, 0.25, 0.5, 0.75, 1]}
          yFormat={(value) => formatNumber(value, 1)}
          yLabel={t.density}
        />
      )}
    </Figure>
  );
}
