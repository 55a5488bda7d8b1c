"use client";
import { useState } from "react";
import { PARQUET, saveBlob, saveFrom, saveText } from "@/lib/download";
import { uiWords } from "@/words/ui";
import { useWords } from "@/words/use-words";
import { Button } from "./button";
import { type Column, toCsv, toJson } from "./column";

export interface Exports<T> {
  columns: readonly Column<T>[];
  rows: readonly T[];
  /** Name of the files, without ending. */
  file: string;
  /** The API's address of the same data; it writes Parquet. */
  parquetFrom?: string;
  /** Draws the PNG. */
  picture?: () => Promise<Blob>;
}

/** What is on screen as a file. */
export function ExportButtons<T>({ columns, rows, file, parquetFrom, picture }: Exports<T>) {
  const words = useWords(uiWords);
  const [failed, setFailed] = useState("");
  const [busy, setBusy] = useState("");
  const run = async (format: string, save: () => Promise<void> | void) => {
    setBusy(format);
    setFailed("");
    try {
      await save();
    } catch (error) {
      setFailed(words.export.failed(error instanceof Error ? error.message : String(error)));
    } finally {
      setBusy("");
    }
  };
  const button = (format: string, save: () => Promise<void> | void) => (
    <Button
      aria-label={`${words.export.label}: ${format}`}
      data-format={format}
      disabled={busy !== ""}
      look="quiet"
      onClick={() => run(format, save)}
      small
    >
      {busy === format ? words.export.busy : format}
    </Button>
  );
  return (
    <fieldset className="flex flex-wrap items-center" data-testid="export">
      <legend className="sr-only">{words.export.label}</legend>
      {button("CSV", () => saveText(`${file}.csv`, "text/csv", toCsv(columns, rows)))}
      {button("JSON", () => saveText(`${file}.json`, "application/json", toJson(columns, rows)))}
      {parquetFrom ? button("Parquet", () => saveFrom(parquetFrom, PARQUET, `${file}.parquet`)) : null}
      {picture ? button("PNG", async () => saveBlob(`${file}.png`, await picture())) : null}
      <span aria-live="polite" className="text-2xs text-bad">
        {failed}
      </span>
    </fieldset>
  );
}
