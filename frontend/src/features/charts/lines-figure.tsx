"use client";
import type { Column } from "@/ui/column";
import { Figure } from "@/ui/figure";
import { Legend } from "./legend";
import { LineChart, type LineSeries } from "./line-chart";

interface Props<T> {
  rows: readonly T[];
  columns: readonly Column<T>[];
  /** Milliseconds since 1970, by which rows are told apart. */
  at: (row: T) => number;
  /** Each with one value per row. */
  lines: readonly LineSeries[];
  title: string;
  caption: string;
  description: string;
  file: string;
  xLabel: string;
  yLabel: string;
  yFormat: (value: number) => string;
  byPowers?: boolean;
}

/** Lines over time with their legend, table twin and files. */
export function LinesFigure<T>(props: Props<T>) {
  const { rows, columns, at, lines, title, caption, description, file, xLabel, yLabel, yFormat } = props;
  return (
    <>
      <Legend entries={lines} />
      <Figure
        caption={caption}
        columns={columns}
        description={description}
        file={file}
        rowKey={(row) => String(at(row))}
        rows={rows}
        title={title}
      >
        {(cursor, setCursor) => (
          <LineChart
            cursor={cursor}
            lines={lines}
            onCursor={setCursor}
            x={rows.map(at)}
            xLabel={xLabel}
            byPowers={props.byPowers}
            yFormat={yFormat}
            yLabel={yLabel}
          />
        )}
      </Figure>
    </>
  );
}
