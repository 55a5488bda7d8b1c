"use client";
import { useMemo } from "react";
import { useKeys } from "@/app-shell/use-keys";
import { BACK_HOURS, type Selection } from "@/features/control-room/selection";
import { liveWords } from "@/words/live";
import { useWords } from "@/words/use-words";

interface Props {
  selection: Selection;
  onSelect: (change: Partial<Selection>) => void;
}

/** How far back, and chart or table; `t` turns between the two, `n` leads back to now. */
export function ChartTools({ selection, onSelect }: Props) {
  const words = useWords(liveWords).chart;
  const other = selection.mode === "chart" ? "table" : "chart";
  useKeys(
    useMemo(
      () => [
        { keys: ["t"], group: "here", name: words.keysTable, run: () => onSelect({ mode: other }) },
        {
          keys: ["n"],
          group: "here",
          name: words.keysNow,
          run: () => onSelect({ range: null, mode: "chart" }),
        },
      ],
      [words, onSelect, other],
    ),
  );

  const look = (on: boolean) =>
    `min-h-6 px-2 py-1 text-2xs ${on ? "bg-accent-soft font-semibold text-accent" : "text-muted hover:bg-raised"}`;
  return (
    <div className="wall-hidden flex flex-wrap items-center gap-2">
      {selection.range ? (
        <button
          className={`rounded-md border border-line ${look(false)}`}
          data-testid="zoom-reset"
          onClick={() => onSelect({ range: null })}
          type="button"
        >
          {words.reset}
        </button>
      ) : null}
      <fieldset className="flex overflow-hidden rounded-md border border-line">
        <legend className="sr-only">{words.history}</legend>
        {BACK_HOURS.map((hours) => (
          <button
            aria-pressed={selection.back === hours}
            className={look(selection.back === hours)}
            key={hours}
            onClick={() => onSelect({ back: hours, range: null })}
            type="button"
          >
            {words.hours(hours)}
          </button>
        ))}
      </fieldset>
      <button
        aria-keyshortcuts="t"
        aria-pressed={selection.mode === "table"}
        className={`rounded-md border border-line ${look(selection.mode === "table")}`}
        data-testid="table-toggle"
        onClick={() => onSelect({ mode: other })}
        title={words.tableTitle}
        type="button"
      >
        {words.table}
      </button>
    </div>
  );
}
