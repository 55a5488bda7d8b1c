"use client";
import { type KeyboardEvent, type ReactNode, useCallback, useRef, useState } from "react";
import { pngOf } from "@/lib/picture";
import { uiWords } from "@/words/ui";
import { useWords } from "@/words/use-words";
import { Button } from "./button";
import type { Column } from "./column";
import { DataTable } from "./data-table";
import { ExportButtons } from "./export-buttons";

interface Props<T> {
  title: string;
  /** What the picture says, for those who do not see it. */
  description: string;
  /** Under the picture: how to read it, sample size, source. */
  caption?: ReactNode;
  /** The same as values: the table twin, what the cursor reads out, and what exports write. */
  columns: readonly Column<T>[];
  rows: readonly T[];
  rowKey: (row: T) => string;
  file: string;
  parquetFrom?: string;
  /** Written under an exported PNG. */
  source?: string;
  /** Height of the picture as a class; the table takes the same room. */
  height?: string;
  /** One row said as a sentence; else its columns one by one. */
  say?: (row: T) => string;
  testId?: string;
  tools?: ReactNode;
  /** Draws; `cursor` is the row that the keyboard or the pointer names. */
  children: (cursor: number | null, setCursor: (index: number | null) => void) => ReactNode;
}

/** A chart that is also a table, a sentence at a time, and a file. */
export function Figure<T>(props: Props<T>) {
  const { title, description, caption, columns, rows, rowKey, file, height = "h-64" } = props;
  const words = useWords(uiWords);
  const [cursor, setCursor] = useState<number | null>(null);
  const [asTable, setAsTable] = useState(false);
  const [said, setSaid] = useState("");
  const host = useRef<HTMLDivElement>(null);
  const picture = useCallback(async () => {
    if (!host.current) throw new Error(words.figure.nothing);
    return pngOf(host.current, title, props.source ?? "");
  }, [title, props.source, words]);

  const onKeyDown = (event: KeyboardEvent) => {
    const last = rows.length - 1;
    const next = {
      ArrowLeft: Math.max(0, (cursor ?? 1) - 1),
      ArrowRight: Math.min(last, (cursor ?? -1) + 1),
      Home: 0,
      End: last,
    }[event.key];
    if (event.key === "Escape") setCursor(null);
    const row = next === undefined ? undefined : rows[next];
    if (next === undefined || row === undefined) return;
    event.preventDefault();
    setCursor(next);
    setSaid(props.say ? props.say(row) : sentence(columns, row));
  };
  return (
    <figure className="min-w-0" data-testid={props.testId}>
      <div className="mb-1.5 flex flex-wrap items-center justify-between gap-x-3 gap-y-1">
        <p className="font-medium text-xs">{title}</p>
        <div className="flex flex-wrap items-center gap-1">
          {props.tools}
          <Button
            aria-pressed={asTable}
            look="quiet"
            onClick={() => setAsTable(!asTable)}
            small
            title={words.table.asTable}
          >
            {asTable ? words.table.hide : words.table.show}
          </Button>
          <ExportButtons
            columns={columns}
            file={file}
            parquetFrom={props.parquetFrom}
            picture={asTable ? undefined : picture}
            rows={rows}
          />
        </div>
      </div>
      {asTable ? (
        <DataTable caption={title} columns={columns} height={height} rowKey={rowKey} rows={rows} />
      ) : (
        <div
          aria-label={`${description} ${words.figure.keys}`}
          className={`relative w-full ${height}`}
          onBlur={() => setCursor(null)}
          onKeyDown={onKeyDown}
          ref={host}
          role="img"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys read the values one by one
          tabIndex={0}
        >
          {props.children(cursor, setCursor)}
        </div>
      )}
      <p aria-live="polite" className="sr-only">
        {said}
      </p>
      {caption ? <figcaption className="mt-1.5 text-2xs text-muted">{caption}</figcaption> : null}
    </figure>
  );
}

function sentence<T>(columns: readonly Column<T>[], row: T): string {
  return `${columns
    .map((column) => `${column.name}: ${column.value(row) ?? "—"}${column.unit ? ` ${column.unit}` : ""}`)
    .join(", ")}.`;
}
