"use client";
import { type ReactNode, useState } from "react";
import { formatNumber } from "@/lib/units";
import { uiWords } from "@/words/ui";
import { useWords } from "@/words/use-words";
import { Button } from "./button";
import { type Column, sortedBy } from "./column";
import { ExportButtons } from "./export-buttons";

interface Props<T> {
  /** What the rows are; read out, and shown when `showCaption`. */
  caption: string;
  showCaption?: boolean;
  columns: readonly Column<T>[];
  rows: readonly T[];
  rowKey: (row: T) => string;
  /** Makes the first cell a button, and each row open at a click. */
  onOpen?: (row: T) => void;
  selected?: string | null;
  /** Name of the exported files; without it nothing is offered. */
  file?: string;
  parquetFrom?: string;
  /** Stands in place of the rows when there are none. */
  empty?: ReactNode;
  /** Height limit as a class, for instance `max-h-96`. */
  height?: string;
  sort?: { key: string; down: boolean };
}

const PAGE = 200;

/** A table that sorts, scrolls within itself, fits a phone, and can be taken along as a file. */
export function DataTable<T>(props: Props<T>) {
  const { caption, columns, rows, rowKey, file, empty, height = "" } = props;
  const words = useWords(uiWords);
  const [sort, setSort] = useState(props.sort ?? null);
  const [limit, setLimit] = useState(PAGE);
  const column = columns.find((one) => one.key === sort?.key);
  const ordered = column ? sortedBy(rows, column, sort?.down ?? false) : rows;
  const shown = ordered.slice(0, limit);
  const turn = (key: string) => setSort({ key, down: sort?.key === key ? !sort.down : false });
  if (rows.length === 0) return <>{empty ?? <p className="p-3 text-muted text-xs">{words.table.none}</p>}</>;
  return (
    <div className="flex min-h-0 flex-col">
      <section
        aria-label={words.table.region(caption)}
        className={`min-h-0 overflow-auto focus-visible:-outline-offset-2 ${height}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
        tabIndex={0}
      >
        <table className="w-full border-collapse text-xs">
          <caption className={props.showCaption ? "px-2 py-1 text-left text-muted" : "sr-only"}>
            {caption}
          </caption>
          <thead className="sticky top-0 z-1 bg-surface shadow-[0_1px_0_var(--line)]">
            <tr>
              {columns.map((one) => (
                <Head column={one} key={one.key} onTurn={turn} sort={sort} />
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((row) => (
              <Row key={rowKey(row)} row={row} table={props} />
            ))}
          </tbody>
        </table>
      </section>
      <div className="flex flex-wrap items-center justify-between gap-2 border-line border-t px-2 py-1">
        <span className="text-2xs text-muted">{words.table.count(shown.length, rows.length)}</span>
        {shown.length < rows.length ? (
          <Button onClick={() => setLimit(limit + PAGE)} small>
            {words.table.more(Math.min(PAGE, rows.length - shown.length))}
          </Button>
        ) : null}
        {file ? (
          <ExportButtons columns={columns} file={file} parquetFrom={props.parquetFrom} rows={ordered} />
        ) : null}
      </div>
    </div>
  );
}

function Head<T>(props: {
  column: Column<T>;
  sort: { key: string; down: boolean } | null;
  onTurn: (key: string) => void;
}) {
  const { column, sort, onTurn } = props;
  const words = useWords(uiWords);
  const on = sort?.key === column.key;
  const mark = (
    <span aria-hidden="true" className={on ? "text-accent" : "opacity-0"}>
      {on && sort.down ? "↓" : "↑"}
    </span>
  );
  return (
    <th
      aria-sort={on ? (sort.down ? "descending" : "ascending") : "none"}
      className={`px-2 py-1 font-medium text-muted ${column.numeric ? "text-right" : "text-left"}`}
      scope="col"
    >
      <button
        className={`inline-flex min-h-6 items-baseline gap-1 hover:text-text ${column.numeric ? "text-right" : "text-left"}`}
        onClick={() => onTurn(column.key)}
        title={words.table.sort(column.name)}
        type="button"
      >
        {column.numeric ? mark : null}
        <span>
          {column.name}
          {column.unit ? <span className="font-normal">, {column.unit}</span> : null}
        </span>
        {column.numeric ? null : mark}
      </button>
    </th>
  );
}

function Row<T>({ row, table }: { row: T; table: Props<T> }) {
  const { columns, rowKey, onOpen, selected } = table;
  const on = selected !== undefined && selected !== null && rowKey(row) === selected;
  return (
    <tr
      aria-current={on ? "true" : undefined}
      className={`border-line border-t ${on ? "bg-accent-soft" : "hover:bg-raised"} ${onOpen ? "cursor-pointer" : ""}`}
      onClick={onOpen ? (event) => isBeside(event.target) && onOpen(row) : undefined}
    >
      {columns.map((column, index) => {
        const text = shownValue(column, row);
        const look = `px-2 py-1 align-middle ${column.numeric ? "whitespace-nowrap text-right tabular-nums" : "max-sm:min-w-28"}`;
        if (index > 0)
          return (
            <td className={look} key={column.key}>
              {text}
            </td>
          );
        return (
          <th className={`${look} text-left font-medium`} key={column.key} scope="row">
            {onOpen ? (
              <button
                className="min-h-6 text-left text-accent hover:underline"
                onClick={() => onOpen(row)}
                type="button"
              >
                {text}
              </button>
            ) : (
              text
            )}
          </th>
        );
      })}
    </tr>
  );
}

/** A click beside whatever in the row has a meaning of its own. */
const isBeside = (target: EventTarget) =>
  target instanceof Element && !target.closest("a, button, input, select");

/** What a cell shows: the column's own drawing, a number in the reader's way, or a dash for nothing. */
export function shownValue<T>(column: Column<T>, row: T): ReactNode {
  if (column.show) return column.show(row);
  const value = column.value(row);
  if (value === null || value === "") return "—";
  if (typeof value !== "number") return value;
  return formatNumber(value, Number.isInteger(value) ? 0 : Math.abs(value) >= 100 ? 1 : 3);
}
