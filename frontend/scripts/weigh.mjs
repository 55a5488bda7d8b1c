// Fails the build when the live page carries more script than it may: what its HTML names (the first load), and with it
// the part with the chart, which it fetches while data come. Sizes as our server sends them (gzip); the page is asked of the server as built.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const MOST_KB = 200;
const MOST_WITH_CHART_KB = 240;
const WAIT_MS = 60_000;
const BUILT = join(import.meta.dirname, "..", ".next");
/** A name that stands in uPlot alone, so in the part with the chart. */
const CHART = "u-over";

const text = (file) => readFileSync(join(BUILT, file), "utf8");
const named = (source) => new Set(source.match(/static\/chunks\/[\w.~-]+\.js/g) ?? []);
const kb = (files) => [...files].reduce((sum, file) => sum + gzipSync(text(file)).length, 0) / 1000;

/** What the page's HTML names, without what only browsers without modules fetch. */
async function atOnce() {
  const html = await page();
  const old = new Set((html.match(/<script[^>]*noModule[^>]*>/gi) ?? []).flatMap((tag) => [...named(tag)]));
  return [...named(html)].filter((file) => !old.has(file));
}

/** Lists of files in the code are parts that are fetched later; of those, the one with the chart. */
function withChart(first) {
  const lists = first.flatMap((file) => text(file).match(/\[(?:"static\/chunks\/[\w.~-]+\.js",?)+\]/g) ?? []);
  const parts = lists
    .map((list) => [...named(list)])
    .filter((part) => part.some((file) => text(file).includes(CHART)));
  const own = parts.sort((a, b) => kb(a) - kb(b))[0] ?? [];
  if (own.length === 0 && !first.some((file) => text(file).includes(CHART)))
    throw new Error("the part of the live page that holds its chart is not where it was");
  return own.filter((file) => !first.includes(file));
}

async function page() {
  const port = await freePort();
  const server = spawn(process.execPath, [join(BUILT, "standalone", "server.js")], {
    env: { ...process.env, PORT: String(port), GRIDSEAL_AUTH: "dev" },
    stdio: "ignore",
  });
  try {
    const deadline = Date.now() + WAIT_MS;
    for (;;) {
      try {
        return await (await fetch(`http://127.0.0.1:${port}/`)).text();
      } catch (error) {
        if (Date.now() > deadline) throw error;
        await new Promise((done) => setTimeout(done, 100));
      }
    }
  } finally {
    server.kill("SIGKILL");
  }
}

async function freePort() {
  const probe = createServer();
  await new Promise((done) => probe.listen(0, "127.0.0.1", done));
  const { port } = probe.address();
  await new Promise((done) => probe.close(done));
  return port;
}

const first = await atOnce();
const chart = withChart(first);
const all = kb(first) + kb(chart);
process.stdout.write(
  `live page: ${kb(first).toFixed(1)} kB of script at once, ${all.toFixed(1)} kB with its chart\n`,
);
if (process.argv.includes("--files"))
  for (const file of [...first, ...chart])
    process.stdout.write(`${kb([file]).toFixed(1).padStart(7)}  ${file}\n`);
if (kb(first) > MOST_KB || all > MOST_WITH_CHART_KB)
  throw new Error(
    `the live page may carry ${MOST_KB} kB of script (gzip), ${MOST_WITH_CHART_KB} kB with its chart`,
  );
