// The same ten series in our chart, in Recharts and in ECharts; each takes one point more at a time.
import { LineChart as EChartsLine } from "echarts/charts";
import { GridComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { useRef } from "react";
import { flushSync } from "react-dom";
import { createRoot } from "react-dom/client";
import { Line, LineChart, XAxis, YAxis } from "recharts";
import type { FanData } from "@/features/forecast/fan-data";
import type { FanPicture } from "@/features/forecast/fan-picture";
import { useFanPlot } from "@/features/forecast/use-fan-plot";

use([EChartsLine, GridComponent, CanvasRenderer]);

const SERIES = 10;
const STEP_S = 900;
const COLUMNS = Array.from({ length: SERIES }, (_, i) => i);

/** Around a daily wave, nested: 0 is the lowest quantile, 8 the highest, 9 what was measured. */
const valueAt = (series: number, period: number) =>
  Math.round(
    1e6 * (2 + Math.sin(period / 15) + (series === 9 ? 0.1 * Math.sin(period) : (series - 4) * 0.08)),
  );

/** `prepare` makes what `show` takes, in the shape that each library wants; only `show` is measured. */
interface Chart<T = unknown> {
  prepare: (from: number, count: number) => T;
  show: (data: T) => void;
}

const host = () => {
  const element = document.createElement("div");
  element.style.cssText = "width:1000px;height:360px";
  document.body.append(element);
  return element;
};

function fanOf(from: number, count: number): FanData {
  const column = (series: number) => Array.from({ length: count }, (_, i) => valueAt(series, from + i));
  return {
    resolutionS: STEP_S,
    starts: Array.from({ length: count + 1 }, (_, i) => (from + i) * STEP_S),
    bands: [0, 1, 2, 3].map((i) => ({ share: 9_000 - i * 2_000, low: column(i), high: column(8 - i) })),
    median: column(4),
    actual: column(9),
    incomplete: Array(count).fill(false),
    provisional: Array(count).fill(false),
    gaps: [],
    runFrom: count - 24,
    points: [],
  };
}

function pictureOf(from: number, count: number): FanPicture {
  const nowS = (from + count - 24) * STEP_S;
  const told = {
    zone: "UTC",
    scale: { unit: "W", factor: 1e-3 },
    nowS,
    gateS: nowS,
    gapLabels: [],
    gapWord: "",
  };
  return { ...told, data: fanOf(from, count) } as unknown as FanPicture;
}

const NOTHING = { onCursor: () => {}, onRange: () => {} };

function Fan({ picture }: { picture: FanPicture }) {
  const element = useRef<HTMLDivElement>(null);
  useFanPlot(element, picture, null, NOTHING);
  return <div ref={element} style={{ width: 1000, height: 360 }} />;
}

function ours(): Chart<FanPicture> {
  const root = createRoot(host());
  return { prepare: pictureOf, show: (picture) => flushSync(() => root.render(<Fan picture={picture} />)) };
}

function recharts(): Chart<Record<string, number>[]> {
  const root = createRoot(host());
  return {
    prepare: (from, count) =>
      Array.from({ length: count }, (_, i) => ({
        at: (from + i) * STEP_S,
        ...Object.fromEntries(COLUMNS.map((series) => [`s${series}`, valueAt(series, from + i)])),
      })),
    show: (rows) =>
      flushSync(() =>
        root.render(
          <LineChart data={rows} height={360} width={1000}>
            <XAxis dataKey="at" domain={["dataMin", "dataMax"]} type="number" />
            <YAxis />
            {COLUMNS.map((series) => (
              <Line
                dataKey={`s${series}`}
                dot={false}
                isAnimationActive={false}
                key={series}
                type="stepAfter"
              />
            ))}
          </LineChart>,
        ),
      ),
  };
}

function echarts(): Chart<number[][][]> {
  const chart = init(host(), null, { renderer: "canvas" });
  return {
    prepare: (from, count) =>
      COLUMNS.map((one) =>
        Array.from({ length: count }, (_, i) => [(from + i) * STEP_S * 1_000, valueAt(one, from + i)]),
      ),
    show: (columns) => {
      const line = { type: "line" as const, step: "end" as const, showSymbol: false };
      const axes = { xAxis: { type: "time" as const }, yAxis: { type: "value" as const } };
      chart.setOption({
        animation: false,
        grid: {},
        ...axes,
        series: columns.map((data) => ({ ...line, data })),
      });
    },
  };
}

const CHARTS = { ours, recharts, echarts } as Record<string, () => Chart>;

let shown = 0;

/**
 * From the new data to the moment at which the browser has put the frame that shows it on the screen, milliseconds: a
 * word that comes with the change tells it (Element Timing), so painting and compositing are in it, whatever thread
 * they happen on.
 */
function frame(word: HTMLElement, change: () => void): Promise<number> {
  shown += 1;
  const name = `shown-${shown}`;
  return new Promise((done) => {
    let before = 0;
    const seen = new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & { identifier: string; renderTime: number })[]) {
        if (entry.identifier !== name) continue;
        seen.disconnect();
        done(entry.renderTime - before);
      }
    });
    seen.observe({ type: "element", buffered: true });
    requestAnimationFrame(() => {
      before = performance.now();
      change();
      const said = document.createElement("p");
      said.setAttribute("elementtiming", name);
      said.textContent = name;
      word.replaceChildren(said);
    });
  });
}

declare global {
  interface Window {
    appended: (name: string, points: number, times: number) => Promise<number[]>;
  }
}

window.appended = async (name, points, times) => {
  const chart = CHARTS[name]?.();
  if (!chart) throw new Error(`there is no chart ${name}`);
  const word = document.createElement("div");
  document.body.prepend(word);
  const out: number[] = [];
  for (let i = 0; i <= times; i += 1) {
    const data = chart.prepare(i, points);
    const took = await frame(word, () => chart.show(data));
    if (i > 0) out.push(took); // the first makes the chart
  }
  return out;
};
