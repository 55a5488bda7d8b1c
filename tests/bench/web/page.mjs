// What the live page costs a browser: script of the first load (what its HTML names) and until its chart stands, largest contentful paint, layout shift, heap growth.
//
// DASHBOARD_URL (http://127.0.0.1:23000) must serve the production build with a stack behind it. MINUTES (2) is how long
// the heap is watched; the goal is for 60. Prints a table and adds to .local/bench/web.jsonl, one object per figure.
import { createRequire } from "node:module";
import { join } from "node:path";
import { keep, median, ROOT } from "./figures.mjs";

const { chromium } = createRequire(join(ROOT, "tests", "e2e", "package.json"))("playwright-core");
const BASE = process.env.DASHBOARD_URL ?? "http://127.0.0.1:23000/";
const MINUTES = Number(process.env.MINUTES ?? 2);
const RUNS = 3;
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--js-flags=--expose-gc"];

async function measured(browser) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  await cdp.send("Network.enable");
  const html = await (await fetch(BASE)).text();
  const scripts = new Map();
  const bytes = { first: 0, all: 0 };
  cdp.on("Network.responseReceived", ({ requestId, type, response }) => {
    if (type === "Script") scripts.set(requestId, new URL(response.url).pathname);
  });
  cdp.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    const path = scripts.get(requestId);
    if (path) bytes.all += encodedDataLength;
    if (path && html.includes(path)) bytes.first += encodedDataLength;
  });
  await page.addInitScript(() => {
    window.seen = { lcp: 0, shift: 0 };
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) window.seen.lcp = entry.startTime;
    }).observe({ type: "largest-contentful-paint", buffered: true });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.seen.shift += entry.value;
    }).observe({ type: "layout-shift", buffered: true });
  });
  await page.goto(BASE, { waitUntil: "load" });
  await page.waitForSelector("[data-testid=fan-chart] canvas", { timeout: 120_000 });
  const seen = await page.evaluate(() => window.seen);
  return { context, page, cdp, bytes: { ...bytes }, ...seen };
}

async function heapBytes(page, cdp) {
  await cdp.send("HeapProfiler.collectGarbage");
  return (await cdp.send("Runtime.getHeapUsage")).usedSize;
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
const loads = [];
for (let run = 0; run < RUNS; run += 1) {
  const load = await measured(browser);
  loads.push(load);
  if (run < RUNS - 1) await load.context.close();
}
const last = loads.at(-1);
const before = await heapBytes(last.page, last.cdp);
await last.page.waitForTimeout(MINUTES * 60_000);
const growth = (await heapBytes(last.page, last.cdp)) - before;
await browser.close();

const figure = (name, value, unit, goal) => ({ name, value, unit, goal, runs: RUNS });
keep([
  figure("web.first_load_script_gzip", median(loads.map((one) => one.bytes.first)) / 1000, "kB", 200),
  figure("web.script_until_chart_gzip", median(loads.map((one) => one.bytes.all)) / 1000, "kB", 240),
  figure("web.largest_contentful_paint", median(loads.map((one) => one.lcp)) / 1000, "s", 1.5),
  figure("web.layout_shift", median(loads.map((one) => one.shift)), "1", 0.05),
  { ...figure(`web.heap_growth_${MINUTES}_min`, growth / 1e6, "MB", 5), runs: 1 },
]);
