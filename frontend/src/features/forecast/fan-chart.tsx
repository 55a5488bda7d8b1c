"use client";
import { type KeyboardEvent, useRef, useState } from "react";
import { levelsIn, PeriodTip, periodInWords } from "./period-tip";
import { type FanPicture, type Hover, placeOf, useFanPlot } from "./use-fan-plot";

interface Props {
  picture: FanPicture;
  levels: readonly number[];
  /** What the chart shows, in a sentence or two, for those who do not see it. */
  description: string;
}

/** The fan. Pointer or arrow keys name a period; drag zooms, a double click shows all again. */
export function FanChart({ picture, levels, description }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const [hover, setHover] = useState<Hover | null>(null);
  const [said, setSaid] = useState("");
  const plot = useFanPlot(host, picture, setHover);
  const { data } = picture;

  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Escape") setHover(null);
    if (!step || !plot.current) return;
    event.preventDefault();
    const last = data.starts.length - 2;
    const at = hover?.index ?? data.runFrom - (step > 0 ? 1 : 0);
    const next = placeOf(plot.current, data, Math.min(last, Math.max(0, at + step)));
    setHover(next);
    if (next) setSaid(periodInWords(picture, levels, next.index));
  };

  const shown = hover && hover.index < data.starts.length - 1 ? hover : null;
  const axis = plot.current?.bbox;
  const offset = axis ? axis.left / devicePixelRatio : 56;
  return (
    <div className="relative">
      <div
        aria-label={description}
        className="h-[clamp(15rem,37vh,28rem)] w-full"
        data-bands={levelsIn(data).join(" ")}
        data-testid="fan-chart"
        onBlur={() => setHover(null)}
        onKeyDown={onKeyDown}
        ref={host}
        role="img"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys read the periods one by one
        tabIndex={0}
      />
      <span aria-hidden="true" className="absolute -top-1.5 left-0 w-12 text-right text-2xs text-muted">
        {picture.scale.unit}
      </span>
      {shown ? (
        <>
          <div
            className="pointer-events-none absolute top-2.5 bottom-12 bg-muted/10"
            style={{ left: offset + shown.left, width: shown.width }}
          />
          <PeriodTip
            index={shown.index}
            left={offset + shown.left + shown.width}
            levels={levels}
            picture={picture}
            right={(host.current?.clientWidth ?? 0) - offset - shown.left}
          />
        </>
      ) : null}
      <p aria-live="polite" className="sr-only">
        {said}
      </p>
    </div>
  );
}
