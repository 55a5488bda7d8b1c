"use client";
import { type KeyboardEvent, memo, type PointerEvent, useRef } from "react";
import { dayAndTime } from "@/lib/time";
import { liveWords } from "@/words/live";
import { useWords } from "@/words/use-words";
import type { FanData } from "./fan-data";
import { clampRange, type FanPicture, type Range } from "./fan-picture";

interface Props {
  picture: FanPicture;
  range: Range | null;
  onRange: (range: Range | null) => void;
}

const HEIGHT = 34;
const WIDTH = 1000;
/** Share of the strip within which a pointer takes an edge and not the middle. */
const GRIP = 0.012;

/** The whole of the picture in small; a window in it says what the chart shows. For pointer, touch and keys. */
export function FanBrush({ picture, range, onRange }: Props) {
  const words = useWords(liveWords).chart;
  const strip = useRef<HTMLDivElement>(null);
  const { data, zone } = picture;
  const first = data.starts[0] ?? 0;
  const last = data.starts.at(-1) ?? first + 1;
  const shown = range ?? { fromS: first, toS: last };
  const share = (seconds: number) => (seconds - first) / (last - first || 1);
  const [left, right] = [share(shown.fromS), share(shown.toS)];

  const onPointerDown = (event: PointerEvent) => {
    const box = strip.current?.getBoundingClientRect();
    if (!box) return;
    event.preventDefault();
    strip.current?.focus();
    const secondsAt = (x: number) => first + ((x - box.left) / box.width) * (last - first);
    const began = secondsAt(event.clientX);
    const move = moverFor(began, shown, (last - first) * GRIP, range !== null);
    const onMove = (next: globalThis.PointerEvent) =>
      onRange(clampRange(move(secondsAt(next.clientX)), data));
    const onUp = () => {
      window.removeEventListener("pointermove", onMove);
      window.removeEventListener("pointerup", onUp);
      window.removeEventListener("pointercancel", onUp);
    };
    window.addEventListener("pointermove", onMove);
    window.addEventListener("pointerup", onUp);
    window.addEventListener("pointercancel", onUp);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const zoom = { "+": 0.8, "-": 1.25 }[event.key];
    const width = shown.toS - shown.fromS;
    if (event.key === "Escape") onRange(null);
    if (!step && !zoom) return;
    event.preventDefault();
    const by = (step ?? 0) * Math.max(data.resolutionS, width / 10);
    const grow = zoom ? (width * (zoom - 1)) / 2 : 0;
    onRange(clampRange({ fromS: shown.fromS + by - grow, toS: shown.toS + by + grow }, data));
  };

  const said = words.zoomed(dayAndTime(shown.fromS * 1000, zone), dayAndTime(shown.toS * 1000, zone));
  return (
    <div
      aria-label={words.brush}
      aria-valuemax={Math.round(last)}
      aria-valuemin={Math.round(first)}
      aria-valuenow={Math.round(shown.fromS)}
      aria-valuetext={said}
      className="relative mr-4.5 ml-14 cursor-grab touch-none overflow-hidden rounded border border-line bg-raised"
      data-testid="brush"
      onDoubleClick={() => onRange(null)}
      onKeyDown={onKeyDown}
      onPointerDown={onPointerDown}
      ref={strip}
      role="slider"
      style={{ height: HEIGHT }}
      tabIndex={0}
    >
      <Strip data={data} />
      <div className="absolute inset-y-0 left-0 bg-bg/70" style={{ width: `${left * 100}%` }} />
      <div className="absolute inset-y-0 right-0 bg-bg/70" style={{ width: `${(1 - right) * 100}%` }} />
      {range ? (
        <div
          className="absolute inset-y-0 border-accent border-x-3"
          style={{ left: `${left * 100}%`, width: `${(right - left) * 100}%` }}
        />
      ) : null}
    </div>
  );
}

/** What a drag that began at `began` does: move an edge, move the window, or draw a new one. */
export function moverFor(began: number, shown: Range, grip: number, zoomed: boolean) {
  if (zoomed && Math.abs(began - shown.fromS) < grip)
    return (at: number): Range => ({ fromS: Math.min(at, shown.toS), toS: shown.toS });
  if (zoomed && Math.abs(began - shown.toS) < grip)
    return (at: number): Range => ({ fromS: shown.fromS, toS: Math.max(at, shown.fromS) });
  if (zoomed && began > shown.fromS && began < shown.toS)
    return (at: number): Range => ({ fromS: shown.fromS + at - began, toS: shown.toS + at - began });
  return (at: number): Range => ({ fromS: Math.min(began, at), toS: Math.max(began, at) });
}

const Strip = memo(function Strip({ data }: { data: FanData }) {
  const all = [...data.actual, ...data.median].filter((value) => value !== null);
  const low = Math.min(0, ...all);
  const high = Math.max(1, ...all);
  const count = data.starts.length - 1;
  const path = (column: readonly (number | null)[]) =>
    column
      .slice(0, count)
      .map((value, i) => {
        if (value === null) return "";
        const y = HEIGHT - 3 - ((value - low) / (high - low)) * (HEIGHT - 6);
        const open = i === 0 || column[i - 1] === null;
        const [from, to] = [(i / count) * WIDTH, ((i + 1) / count) * WIDTH];
        return `${open ? "M" : "L"}${from.toFixed(1)} ${y.toFixed(1)}H${to.toFixed(1)}`;
      })
      .join("");
  return (
    <svg
      aria-hidden="true"
      className="absolute inset-0 size-full"
      preserveAspectRatio="none"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
    >
      <path d={path(data.median)} fill="none" stroke="var(--accent)" vectorEffect="non-scaling-stroke" />
      <path d={path(data.actual)} fill="none" stroke="var(--muted)" vectorEffect="non-scaling-stroke" />
    </svg>
  );
});
