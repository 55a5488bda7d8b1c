/** Columns that a table shows, a figure's twin shows and an export writes: said once. */
import type { ReactNode } from "react";

export type Value = string | number | null;

export interface Column<T> {
  /** Name in exports, with its unit as conventions have it: `power_w`, `period_start`. */
  key: string;
  /** Name for people. */
  name: string;
  unit?: string;
  numeric?: boolean;
  /** The plain value: what exports write and what sorting compares. */
  value: (row: T) => Value;
  /** What is shown, when it is not the plain value. */
  show?: (row: T) => ReactNode;
}

export function compareValues(a: Value, b: Value): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a).localeCompare(String(b), "en", { numeric: true });
}

/** Stable; rows without a value stay last in either direction. */
export function sortedBy<T>(rows: readonly T[], column: Column<T>, down: boolean): T[] {
  return [...rows].sort((left, right) => {
    const [a, b] = [column.value(left), column.value(right)];
    const order = compareValues(a, b);
    return a === null || b === null ? order : down ? -order : order;
  });
}

/** RFC 4180. Text that a spreadsheet would run as a formula is made harmless. */
export function toCsv<T>(columns: readonly Column<T>[], rows: readonly T[]): string {
  const cell = (value: Value) => {
    if (value === null) return "";
    if (typeof value === "number") return String(value);
    const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = [
    columns.map((column) => cell(column.key)),
    ...rows.map((row) => columns.map((one) => cell(one.value(row)))),
  ];
  return `${lines.map((line) => line.join(",")).join("\r\n")}\r\n`;
}

export function toJson<T>(columns: readonly Column<T>[], rows: readonly T[]): string {
  const items = rows.map((row) =>
    Object.fromEntries(columns.map((column) => [column.key, column.value(row)])),
  );
  return `${JSON.stringify(items, null, 2)}\n`;
}
