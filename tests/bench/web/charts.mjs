// Our live chart takes a point more at 10,000 points x 10 series, beside Recharts and ECharts in the same browser.
//
// Each is given the whole window anew, as the page does when a frame of the socket comes; the time runs until the frame
// that shows it is on the screen, without a wait for the screen's next beat. Adds to .local/bench/web.jsonl.
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keep, median, ROOT } from "./figures.mjs";

const POINTS = Number(process.env.POINTS ?? 10_000);
const TIMES = Number(process.env.TIMES ?? 20);
const NAMES = ["ours", "recharts", "echarts"];
/** Frames come as soon as they are painted: a screen's 60 a second would be counted, not what a chart costs. */
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-frame-rate-limit", "--disable-gpu-vsync"];
const FRONTEND = join(ROOT, "frontend");
const E2E = join(ROOT, "tests", "e2e");
const { chromium } = createRequire(join(E2E, "package.json"))("playwright-core");
const { build } = await import(createRequire(join(FRONTEND, "package.json")).resolve("rolldown"));

/** The light colors of `globals.css`, which the canvas reads. */
const COLORS = "--fan:10,98,189;--actual:#13202c;--now:#c25400;--gate:#7a3fb5;--gap:rgba(77,91,104,.13);--muted:#4d5b68";

const out = mkdtempSync(join(tmpdir(), "gridseal-charts-"));
const modules = join(FRONTEND, "node_modules");
try {
  await build({
    input: join(import.meta.dirname, "charts", "page.tsx"),
    platform: "browser",
    resolve: {
      modules: [modules, join(E2E, "node_modules")],
      alias: {
        "@": join(FRONTEND, "src"),
        react: join(modules, "react"),
        "react-dom": join(modules, "react-dom"),
      },
    },
    transform: { define: { "process.env.NODE_ENV": '"production"' }, jsx: "react-jsx" },
    onLog: () => {},
    output: { file: join(out, "page.js"), format: "iife", minify: true },
  });
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
  const seen = {};
  for (const name of NAMES) {
    const page = await browser.newPage({ viewport: { width: 1100, height: 800 } });
    page.on("pageerror", (error) => process.stderr.write(`${name}: ${error.message}\n`));
    page.setDefaultTimeout(300_000);
    await page.setContent(`<!doctype html><style>:root{${COLORS}}</style><body>`);
    await page.addStyleTag({ path: join(modules, "uplot", "dist", "uPlot.min.css") });
    await page.addScriptTag({ path: join(out, "page.js") });
    const times = await page.evaluate(([chart, points, count]) => window.appended(chart, points, count), [name, POINTS, TIMES]);
    seen[name] = median(times);
    if (process.env.SHOW) await page.screenshot({ path: join(process.env.SHOW, `${name}.png`) });
    await page.close();
  }
  await browser.close();
  const append = (peer) => ({
    name: "web.chart_append", value: seen.ours, unit: "ms", goal: 30,
    peer, peer_value: seen[peer], ratio: seen.ours / seen[peer], runs: TIMES,
  });
  keep([append("recharts"), append("echarts")]);
} finally {
  rmSync(out, { recursive: true });
}
