"use client";
import { useCallback } from "react";
import type { SeriesForecastView } from "@/lib/wire";
import { Panel } from "@/ui/panel";
import { liveWords } from "@/words/live";
import { useWords } from "@/words/use-words";
import { type FanShared, usePicture } from "./fan";
import { FanChart } from "./fan-chart";
import { describe } from "./headline";

/** The now line of a small picture moves in steps: at sixty times real time all would be drawn anew each second. */
const COARSE_MS = 300_000;

/** The site's other series, small and on one cursor: what the sum does, and which part of it does so. */
export function OtherSeries(props: FanShared & { views: readonly SeriesForecastView[] }) {
  const words = useWords(liveWords);
  if (props.views.length === 0) return null;
  return (
    <Panel title={words.chart.others} note={words.chart.othersNote}>
      <div className="grid gap-x-4 gap-y-3 md:grid-cols-2">
        {props.views.map((view) => (
          <Small key={view.series_id} shared={props} view={view} />
        ))}
      </div>
    </Panel>
  );
}

function Small({ view, shared }: { view: SeriesForecastView; shared: FanShared }) {
  const words = useWords(liveWords);
  const { zone, nowMs, onSelect, selection, cursorS, onCursor } = shared;
  const picture = usePicture(view, { ...shared, nowMs: Math.floor(nowMs / COARSE_MS) * COARSE_MS });
  const onRange = useCallback((range: typeof selection.range) => onSelect({ range }), [onSelect]);
  return (
    <figure>
      <figcaption className="mb-1 flex items-baseline justify-between gap-2 text-xs">
        <button
          className="min-h-6 font-medium text-accent hover:underline"
          onClick={() => onSelect({ series: view.series_id })}
          type="button"
        >
          {view.name}
        </button>
        <span className="text-2xs text-muted">{words.kinds[view.kind] ?? view.kind}</span>
      </figcaption>
      <FanChart
        cursorS={cursorS}
        description={describe(view, picture.scale, nowMs, zone, words)}
        key={zone}
        levels={view.levels_bps}
        onCursor={onCursor}
        onRange={onRange}
        picture={picture}
        range={selection.range}
        small
      />
    </figure>
  );
}
