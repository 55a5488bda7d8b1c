"use client";
import { type RefObject, useEffect, useRef } from "react";
import uPlot from "uplot";
import { onColorsChanged } from "@/lib/theme";
import { formatNumber } from "@/lib/units";
import type { FanData } from "./fan-data";
import { paintFan, type Theme } from "./fan-draw";
import type { FanPicture, Range } from "./fan-picture";
import { bindPointer } from "./fan-pointer";

export interface Hover {
  index: number;
  /** CSS pixels inside the plot. */
  left: number;
  width: number;
}

export interface PlotEvents {
  onCursor: (seconds: number | null) => void;
  onRange: (range: Range | null) => void;
}

function themeOf(element: Element): Theme {
  const css = getComputedStyle(element);
  const read = (name: string) => css.getPropertyValue(name).trim();
  return {
    fan: read("--fan"),
    actual: read("--actual"),
    now: read("--now"),
    gate: read("--gate"),
    gap: read("--gap"),
    muted: read("--muted"),
    font: css.fontFamily,
  };
}

function columns(data: FanData): uPlot.AlignedData {
  const widest = data.bands[0];
  return [data.starts, widest?.low ?? data.median, widest?.high ?? data.median, data.actual, data.median];
}

function yRange(_: uPlot, low: number | null, high: number | null): uPlot.Range.MinMax {
  const from = Math.min(0, low ?? 0);
  const to = Math.max(0, high ?? 0);
  const pad = (to - from || 1000) * 0.06;
  return [from < 0 ? from - pad : 0, to > 0 || from === 0 ? to + pad : 0];
}

type Latest = RefObject<FanPicture>;

/** uPlot keeps scales, axes and cursor; the fan itself is painted by `fan-draw`. */
function optionsFor(
  host: HTMLElement,
  latest: Latest,
  events: RefObject<PlotEvents>,
  theme: () => Theme,
): uPlot.Options {
  const hidden: uPlot.Series = { paths: () => null, points: { show: false } };
  const axis: uPlot.Axis = {
    stroke: () => theme().muted,
    grid: { stroke: () => theme().gap, width: 1 },
    ticks: { show: false },
    font: `11px ${theme().font}`,
  };
  return {
    width: Math.max(200, host.clientWidth),
    height: host.clientHeight,
    padding: [18, 18, 0, 0],
    legend: { show: false },
    cursor: { y: false, x: false, points: { show: false }, drag: { x: true, y: false, setScale: false } },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), latest.current.zone),
    scales: { x: { time: true }, y: { range: yRange } },
    axes: [
      { ...axis, space: 70, values: AXIS_TIMES },
      {
        ...axis,
        size: 56,
        values: (_, splits) => {
          const { factor } = latest.current.scale;
          const step = Math.abs(((splits[1] ?? 0) - (splits[0] ?? 0)) * factor);
          const digits = step >= 1 || step === 0 ? 0 : step >= 0.1 ? 1 : 2;
          return splits.map((value) => formatNumber(value * factor, digits));
        },
      },
    ],
    series: [{}, hidden, hidden, hidden, hidden],
    hooks: {
      draw: [(plot) => paint(plot, theme(), latest.current)],
      setCursor: [
        (plot) => {
          const { left } = plot.cursor;
          const out = left === undefined || left === null || left < 0;
          events.current.onCursor(out ? null : plot.posToVal(left, "x"));
        },
      ],
      setSelect: [
        (plot) => {
          const { left, width } = plot.select;
          if (width < 4) return;
          events.current.onRange({ fromS: plot.posToVal(left, "x"), toS: plot.posToVal(left + width, "x") });
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
    },
  };
}

/** 24-hour clock; the day stands below where it changes. */
const AXIS_TIMES: uPlot.Axis.Values = [
  [3600 * 24, "{D} {MMM}", null, null, null, null, null, null, 1],
  [3600, "{HH}:{mm}", null, null, "\n{WWW} {D} {MMM}", null, null, null, 1],
  [60, "{HH}:{mm}", null, null, "\n{WWW} {D} {MMM}", null, null, null, 1],
  [1, "{HH}:{mm}:{ss}", null, null, "\n{WWW} {D} {MMM}", null, null, null, 1],
];

function paint(plot: uPlot, theme: Theme, picture: FanPicture): void {
  const { left, top, width, height } = plot.bbox;
  const { x, y } = plot.scales;
  const [fromS, toS] = [x?.min ?? 0, x?.max ?? 1];
  const [low, high] = [y?.min ?? 0, y?.max ?? 1];
  // Both scales are linear; asking uPlot for each of ten thousand places takes longer than to paint them.
  const plane = {
    ctx: plot.ctx,
    fromS,
    toS,
    x: (seconds: number) => left + ((seconds - fromS) / (toS - fromS || 1)) * width,
    y: (milli: number) => top + ((high - milli) / (high - low || 1)) * height,
    box: { left, top, width, height },
    ratio: uPlot.pxRatio,
  };
  paintFan(plane, picture.data, theme, picture);
}

/** Where period `index` lies in the plot, in CSS pixels. */
export function placeOf(plot: uPlot, data: FanData, index: number): Hover | null {
  const from = data.starts[index];
  const to = data.starts[index + 1];
  if (from === undefined || to === undefined) return null;
  const left = plot.valToPos(from, "x");
  return { index, left, width: plot.valToPos(to, "x") - left };
}

/** Keeps one uPlot in `host`, in step with the picture, the range, the size and the colors. */
export function useFanPlot(
  host: RefObject<HTMLDivElement | null>,
  picture: FanPicture,
  range: Range | null,
  given: PlotEvents,
): RefObject<uPlot | null> {
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(picture);
  latest.current = picture;
  const events = useRef(given);
  events.current = given;

  useEffect(() => {
    const element = host.current;
    if (!element) return;
    // Asked once, not with each frame: reading a style makes the browser lay out what just changed.
    let theme = themeOf(element);
    const options = optionsFor(element, latest, events, () => theme);
    const made = new uPlot(options, columns(latest.current.data), element);
    plot.current = made;
    bindPointer(made, events);
    const sizes = new ResizeObserver(() =>
      made.setSize({ width: Math.max(200, element.clientWidth), height: element.clientHeight }),
    );
    sizes.observe(element);
    const endColors = onColorsChanged(() => {
      theme = themeOf(element);
      made.redraw(false, true);
    });
    return () => {
      endColors();
      sizes.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [host]);

  useEffect(() => {
    const made = plot.current;
    if (!made) return;
    const { data } = picture;
    const first = data.starts[0] ?? 0;
    made.batch(() => {
      made.setData(columns(data), false);
      made.setScale("x", { min: range?.fromS ?? first, max: range?.toS ?? data.starts.at(-1) ?? first + 1 });
    });
  }, [picture, range]);

  return plot;
}
