// Each state that a page can be in, provoked and seen in a browser: what it says, what it lets a person do, and that
// axe finds nothing wrong with it. Against test data; what real services do is in `dashboard.test.mjs` and `pages.mjs`.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { chromium } from "playwright-core";
import { violationsOn } from "../axe.mjs";
import { aScene } from "./scene.mjs";

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];
const LIVE = '[data-testid=connection][data-phase="live"]';
const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
/** A window that comes while nobody hears it; its version is like no other's. */
const MISSED = {
  schema: "window/1", series_id: "home-01/net", width_s: 3600, window_start: "2026-06-01T00:00:00Z",
  mean_milli: 1_000, covered_s: 3600, expected_s: 3600, version: 7,
};

let browser;
let scene;
let context;
before(async () => {
  [browser, scene] = await Promise.all([
    chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS }),
    aScene(),
  ]);
});
after(async () => {
  await Promise.all([browser?.close(), scene?.end()]);
});
afterEach(async () => {
  await context?.close();
  await scene.order();
});

async function opened(path) {
  context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce", locale: "en-US" });
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: scene.base });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const frames = [];
  page.on("websocket", (socket) => socket.on("framereceived", ({ payload }) => frames.push(JSON.parse(payload))));
  await page.goto(new URL(path, scene.base).href);
  return { page, frames };
}

const state = (page, kind) => page.locator(`[data-testid=state][data-kind=${kind}]`).first();

async function said(page, kind, words) {
  const shown = state(page, kind);
  await shown.waitFor();
  const text = await shown.innerText();
  if (words) assert.match(text, words);
  assert.match(await shown.getAttribute("role"), kind === "error" || kind === "offline" ? /alert/ : /status/);
  return text;
}

test("a cut line: reconnecting, then offline, what was heard stays; mended, it goes on without gap or repeat", async () => {
  const { page, frames } = await opened("/");
  await page.waitForSelector(LIVE);
  await page.waitForSelector("[data-testid=fan-chart] canvas");
  scene.cut();
  await page.waitForSelector('[data-testid=connection][data-phase="reconnecting"]');
  await said(page, "reconnecting", /Attempt \d/);
  assert.deepEqual(await violationsOn(page), []);
  await page.waitForSelector('[data-testid=connection][data-phase="offline"]');
  await said(page, "offline", /Try again/);
  assert.ok(await page.isVisible("[data-testid=fan-chart] canvas"), "what was heard before is gone");
  assert.deepEqual(await violationsOn(page), []);
  const before = frames.length;
  await scene.send("windows", MISSED);
  scene.mend();
  // The page tries by itself, too: on a busy machine the button is gone before it can be pressed.
  await state(page, "offline").getByRole("button").click({ timeout: 2_000 }).catch(() => undefined);
  await page.waitForSelector(LIVE);
  await page.waitForFunction(() => document.querySelector("[data-testid=state][data-kind=offline]") === null);
  const told = frames.slice(before);
  assert.deepEqual(told.filter(({ type }) => type === "snapshot"), [], "the page asked for all again instead of going on");
  for (const channel of ["forecasts", "windows", "alerts", "seals"]) {
    const first = frames.find(({ type, id }) => type === "snapshot" && id === channel).seq;
    const seqs = frames.filter(({ type, id }) => type === "delta" && id === channel).map(({ seq }) => seq);
    assert.deepEqual(seqs, seqs.map((_, i) => first + 1 + i), `${channel} has a gap or a repeat`);
  }
  const missed = told.find(({ type, id, data }) => type === "delta" && id === "windows" && data.version === MISSED.version);
  assert.ok(missed, "what came while the line was cut did not arrive");
});

test("services that are down: stale with its age, offline in words; started anew, all is shown anew", async () => {
  const { page, frames } = await opened("/");
  await page.waitForSelector(LIVE);
  await page.waitForSelector("[data-testid=fan-chart] canvas");
  await scene.stop();
  await page.waitForSelector('[data-testid=connection]:not([data-phase="live"])');
  await said(page, "stale", /old/);
  await said(page, "offline", /cannot be reached/);
  assert.deepEqual(await violationsOn(page), []);
  const other = await context.newPage();
  await other.goto(new URL("/alerts", scene.base).href);
  assert.match(await said(other, "offline", /forecast-service cannot be reached/), /Try again/);
  await other.close();
  const before = frames.length;
  await scene.start();
  await page.locator("[data-testid=connection] button").click();
  await page.waitForSelector(LIVE);
  await page.waitForFunction(() => document.querySelector("main [data-testid=state]") === null);
  assert.ok(frames.slice(before).some(({ type, reset }) => type === "snapshot" && reset), "a new epoch begins with all there is");
});

const PAGES = [
  ["/", "/api/v1/sites"],
  ["/as-at", "/api/v1/forecasts/at"],
  ["/alerts", "/api/v1/alerts"],
  ["/assets", "/api/v1/assets"],
  ["/accuracy", "/api/v1/accuracy"],
  ["/models", "/api/v1/models"],
  ["/settlement", "/api/v1/contracts"],
  ["/pipeline", "/api/v1/stream/rates"],
];
for (const [path, asked] of PAGES) {
  test(`${path}: loading, error with its trace to copy, no permission`, async () => {
    await scene.order({ path: asked, status: 0 });
    const { page } = await opened(path);
    await page.waitForSelector(path === "/" ? "[data-testid=waiting]" : "[data-testid=state][data-kind=loading]");

    const problem = { status: 500, title: "Internal Server Error", detail: "broken on purpose", trace_id: TRACE };
    await scene.order({ path: asked, status: 500, body: problem });
    await page.reload();
    await said(page, "error", new RegExp(`broken on purpose[\\s\\S]*${TRACE}[\\s\\S]*Copy`));
    await state(page, "error").getByRole("button", { name: "Copy trace id" }).click();
    await state(page, "error").getByRole("button", { name: "Copied" }).waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), TRACE);
    assert.deepEqual(await violationsOn(page), []);

    await scene.order({ path: asked, status: 403, body: { status: 403, title: "Forbidden", detail: "role viewer is needed" } });
    await page.reload();
    await said(page, "no-permission", /role viewer is needed/);
  });
}

const NOTHING = { items: [], next_cursor: null };
const NO_MODELS = { ...NOTHING, as_at: "2026-06-01T12:00:00Z", demand: { mae_mwh: null, mape_percent: null, freshness_h: null, trainings: 0 } };
const FIRST = [
  ["/as-at", [{ path: "/api/v1/series", status: 200, body: NOTHING }], "first-run", /./],
  ["/alerts?state=resolved", [{ path: "/api/v1/alerts", status: 200, body: { ...NOTHING, as_at: "2026-06-01T12:00:00Z", counts: { open: 0, acknowledged: 0, snoozed: 0, resolved: 0 } } }], "first-run", /./],
  ["/alerts", [{ path: "/api/v1/alerts", status: 200, body: { ...NOTHING, as_at: "2026-06-01T12:00:00Z", counts: { open: 0, acknowledged: 0, snoozed: 0, resolved: 0 } } }], "empty", /No open alerts/],
  ["/models", [{ path: "/api/v1/models", status: 200, body: NO_MODELS }], "first-run", /./],
  ["/settlement", [{ path: "/api/v1/contracts", status: 503, body: { status: 503, detail: "no contracts yet" } }], "first-run", /./],
];
for (const [path, orders, kind, words] of FIRST) {
  test(`${path}: ${kind} in friendly words`, async () => {
    await scene.order(...orders);
    const { page } = await opened(path);
    await said(page, kind, words);
    assert.deepEqual(await violationsOn(page), []);
  });
}

test("an answer that fails later leaves what was read, with its age and why", async () => {
  const { page } = await opened("/alerts");
  await page.waitForSelector("[data-testid=inbox]");
  await scene.order({ path: "/api/v1/alerts", status: 500, body: { status: 500, detail: "broken later" } });
  await said(page, "stale", /old[\s\S]*broken later/);
  assert.ok(await page.isVisible("[data-testid=inbox]"));
  assert.deepEqual(await violationsOn(page), []);
});

test("messages that do not fit the contract are counted and said; the rest goes on", async () => {
  const { page } = await opened("/");
  await page.waitForSelector(LIVE);
  await page.waitForSelector("[data-testid=fan-chart] canvas");
  await scene.send("alerts", { schema: "alert/9" });
  await said(page, "partial", /1/);
  await page.waitForSelector(LIVE);
  assert.deepEqual(await violationsOn(page), []);
});

test("before the first forecast the page says what happens next, and the first run replaces it", async () => {
  await scene.stop();
  await scene.start({ RUNS_AT_START: "0", EMPTY_MS: "8000" });
  const { page } = await opened("/");
  await page.waitForSelector("[data-testid=waiting] [data-state=done] ~ [data-state=now]");
  assert.deepEqual(await violationsOn(page), []);
  await page.waitForSelector("[data-testid=fan-chart] canvas");
});
