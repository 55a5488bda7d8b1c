"use client";
import type { KeyboardEvent } from "react";
import type { SeriesForecastView } from "@/lib/wire";
import { liveWords } from "@/words/live";
import { useWords } from "@/words/use-words";

interface Props {
  views: readonly SeriesForecastView[];
  selected: string;
  onSelect: (seriesId: string) => void;
}

export function SeriesTabs({ views, selected, onSelect }: Props) {
  const words = useWords(liveWords);
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const at = views.findIndex((view) => view.series_id === selected);
    const next = views[(at + step + views.length) % views.length];
    if (!next) return;
    onSelect(next.series_id);
    event.currentTarget.querySelector<HTMLElement>(`[data-series="${CSS.escape(next.series_id)}"]`)?.focus();
  };
  return (
    <div
      aria-label={words.facts.seriesTabs}
      className="flex gap-1 overflow-x-auto p-0.5"
      onKeyDown={onKeyDown}
      role="tablist"
    >
      {views.map((view) => {
        const on = view.series_id === selected;
        return (
          <button
            aria-controls="series-panel"
            aria-selected={on}
            className={`whitespace-nowrap rounded-md px-2.5 py-1 text-xs ${
              on ? "bg-accent-soft font-semibold text-accent" : "text-muted hover:bg-raised hover:text-text"
            }`}
            data-series={view.series_id}
            data-testid="series-tab"
            id={`tab-${view.series_id.replace("/", "-")}`}
            key={view.series_id}
            onClick={() => onSelect(view.series_id)}
            role="tab"
            tabIndex={on ? 0 : -1}
            title={`${words.kinds[view.kind] ?? view.kind}, ${view.series_id}`}
            type="button"
          >
            {view.name}
          </button>
        );
      })}
    </div>
  );
}
