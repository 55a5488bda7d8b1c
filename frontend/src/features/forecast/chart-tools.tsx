"use client";
import { useEffect } from "react";
import { BACK_HOURS, type Selection } from "@/features/control-room/selection";

interface Props {
  selection: Selection;
  onSelect: (change: Partial<Selection>) => void;
}

/** How far back, and chart or table; `t` turns between the two. */
export function ChartTools({ selection, onSelect }: Props) {
  const other = selection.mode === "chart" ? "table" : "chart";
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLElement && event.target.closest("input, textarea, select");
      if (event.key === "t" && !typing && !event.ctrlKey && !event.metaKey) onSelect({ mode: other });
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [onSelect, other]);

  const look = (on: boolean) =>
    `px-2 py-1 text-2xs ${on ? "bg-accent-soft font-semibold text-accent" : "text-muted hover:bg-raised"}`;
  return (
    <div className="flex items-center gap-2">
      <fieldset className="flex overflow-hidden rounded-md border border-line">
        <legend className="sr-only">History shown</legend>
        {BACK_HOURS.map((hours) => (
          <button
            aria-pressed={selection.back === hours}
            className={look(selection.back === hours)}
            key={hours}
            onClick={() => onSelect({ back: hours })}
            type="button"
          >
            {hours} h
          </button>
        ))}
      </fieldset>
      <button
        aria-keyshortcuts="t"
        aria-pressed={selection.mode === "table"}
        className={`rounded-md border border-line ${look(selection.mode === "table")}`}
        data-testid="table-toggle"
        onClick={() => onSelect({ mode: other })}
        title="Values as a table (t)"
        type="button"
      >
        Table
      </button>
    </div>
  );
}
