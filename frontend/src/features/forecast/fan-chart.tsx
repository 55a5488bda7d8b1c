"use client";
import { type KeyboardEvent, useRef, useState } from "react";
import { formatValue } from "@/lib/units";
import { liveWords } from "@/words/live";
import { useWords } from "@/words/use-words";
import { indexAt } from "./fan-data";
import { clampRange, type FanPicture, type Range } from "./fan-picture";
import { levelsIn, PeriodTip, periodInWords } from "./period-tip";
import { placeOf, useFanPlot } from "./use-fan-plot";

interface Props {
  picture: FanPicture;
  levels: readonly number[];
  /** What the chart shows, in a sentence or two, for those who do not see it. */
  description: string;
  range: Range | null;
  onRange: (range: Range | null) => void;
  /** A moment that is pointed at, here or in another chart of the page; seconds. */
  cursorS: number | null;
  onCursor: (seconds: number | null) => void;
  /** One of several: lower, and it names only its value when another chart is pointed at. */
  small?: boolean;
}

/** The fan. Pointer or arrow keys name a period; drag zooms, shift and drag pans, a double click shows all. */
export function FanChart(props: Props) {
  const { picture, levels, description, range, onRange, cursorS, onCursor, small = false } = props;
  const words = useWords(liveWords);
  const host = useRef<HTMLDivElement>(null);
  const [own, setOwn] = useState(false);
  const [said, setSaid] = useState("");
  const { data } = picture;
  const point = (seconds: number | null) => {
    setOwn(seconds !== null);
    onCursor(seconds);
  };
  const plot = useFanPlot(host, picture, range, {
    onCursor: point,
    onRange: (next) => onRange(next && clampRange(next, data)),
  });
  const at = cursorS === null ? null : indexAt(data, cursorS);

  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Escape") point(null);
    if (!step) return;
    event.preventDefault();
    const from = at ?? data.runFrom - (step > 0 ? 1 : 0);
    const next = Math.min(data.starts.length - 2, Math.max(0, from + step));
    point(data.starts[next] ?? null);
    setSaid(periodInWords(picture, levels, next, words));
  };

  const place = at !== null && plot.current ? placeOf(plot.current, data, at) : null;
  const box = plot.current?.bbox;
  const offset = box ? box.left / devicePixelRatio : 56;
  const width = box ? box.width / devicePixelRatio : 0;
  const seen = place && place.left + place.width > 0 && place.left < width ? place : null;
  return (
    <div className="relative">
      <div
        aria-label={description}
        className={`w-full ${small ? "h-36" : "h-[clamp(15rem,37vh,28rem)]"}`}
        data-bands={levelsIn(data).join(" ")}
        data-testid={small ? "fan-small" : "fan-chart"}
        onBlur={() => point(null)}
        onKeyDown={onKeyDown}
        ref={host}
        role="img"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys read the periods one by one
        tabIndex={0}
      />
      <span aria-hidden="true" className="absolute -top-1.5 left-0 w-12 text-right text-2xs text-muted">
        {picture.scale.unit}
      </span>
      {seen ? (
        <div
          className="pointer-events-none absolute top-4.5 bottom-12 bg-muted/10"
          data-testid="cursor"
          style={{ left: offset + Math.max(0, seen.left), width: Math.max(1, seen.width) }}
        />
      ) : null}
      {seen && own ? (
        <PeriodTip
          index={seen.index}
          left={offset + seen.left + seen.width}
          levels={levels}
          picture={picture}
          right={(host.current?.clientWidth ?? 0) - offset - seen.left}
        />
      ) : null}
      {seen && !own ? <LinkedValue index={seen.index} left={offset + seen.left} picture={picture} /> : null}
      <p aria-live="polite" className="sr-only">
        {said}
      </p>
    </div>
  );
}

/** What another chart of the page shows at the moment that is pointed at. */
function LinkedValue({ picture, index, left }: { picture: FanPicture; index: number; left: number }) {
  const value = picture.data.actual[index] ?? picture.data.median[index];
  if (value === null || value === undefined) return null;
  return (
    <span
      aria-hidden="true"
      className="pointer-events-none absolute top-2 rounded bg-surface/90 px-1 font-medium text-2xs"
      style={{ left: left + 4 }}
    >
      {formatValue(value, picture.scale)}
    </span>
  );
}
