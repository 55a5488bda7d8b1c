"use client";
import type { ReactNode } from "react";
import { liveWords } from "@/words/live";
import { useWords } from "@/words/use-words";
import type { FanData } from "./fan-data";

const ALPHAS = [0.18, 0.36, 0.55];

/** What the marks mean, in words. */
export function FanLegend({ data }: { data: FanData }) {
  const words = useWords(liveWords);
  const fan = (alpha: number) => ({ background: `rgba(var(--fan), ${alpha})` });
  const line = (look: string) => <span aria-hidden="true" className={look} />;
  return (
    <ul
      aria-label={words.chart.legend}
      className="flex flex-wrap gap-x-4 gap-y-1 text-2xs text-muted"
      data-testid="legend"
    >
      {data.bands.map((band, rank) => (
        <Mark
          key={band.share}
          mark={<span aria-hidden="true" className="h-2.5 w-4 rounded-sm" style={fan(ALPHAS[rank] ?? 0.5)} />}
        >
          {words.levels.inside(band.share)}
        </Mark>
      ))}
      <Mark mark={line("h-0.5 w-4 bg-accent")}>{words.chart.median}</Mark>
      <Mark mark={line("h-0.5 w-4 bg-text")}>{words.chart.settled}</Mark>
      <Mark mark={line("w-4 border-text border-t-2 border-dashed")}>{words.chart.provisional}</Mark>
      <Mark mark={line("w-4 border-text border-t-2 border-dotted")}>{words.chart.partly}</Mark>
      <Mark mark={line("h-3 w-0.5 bg-now")}>{words.chart.now}</Mark>
      <Mark mark={line("h-3 border-gate border-l-2 border-dashed")}>{words.chart.gate}</Mark>
      {data.runFrom > 0 && data.points.slice(0, data.runFrom).some(Boolean) ? (
        <li>{words.chart.earlier}</li>
      ) : null}
    </ul>
  );
}

function Mark({ mark, children }: { mark: ReactNode; children: ReactNode }) {
  return (
    <li className="flex items-center gap-1.5">
      {mark}
      {children}
    </li>
  );
}
