// Every page of the navigation: axe-clean in light and dark, 360 px wide, both languages, by keyboard alone, and
// the states that a browser can be brought into. Against whatever runs at DASHBOARD_URL; see dashboard.test.mjs.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { violationsOn } from "./axe.mjs";

const BASE = new URL(process.env.DASHBOARD_URL ?? "http://127.0.0.1:23000/");
const WAIT_MS = Number(process.env.WAIT_S ?? 180) * 1000;
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];
const PAGES = ["/", "/?show=fleet", "/as-at", "/alerts", "/assets", "/accuracy", "/models", "/settlement", "/verify", "/pipeline"];

let browser;
before(async () => {
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
});
after(async () => {
  await browser?.close();
});

async function opened(path, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS);
  const answer = await page.goto(new URL(path, BASE).href, { timeout: WAIT_MS });
  return { context, page, status: answer.status() };
}

const settled = (page) =>
  page.waitForFunction(
    () => document.querySelector('[data-testid=connection][data-phase="live"]') && !document.querySelector("main [aria-busy=true]"),
    null,
    { timeout: WAIT_MS, polling: 200 },
  );

for (const path of PAGES) {
  for (const colorScheme of ["light", "dark"]) {
    test(`${path} in ${colorScheme}: axe finds nothing`, async () => {
      const { context, page, status } = await opened(path, { colorScheme });
      assert.equal(status, 200);
      await settled(page);
      assert.deepEqual(await violationsOn(page), []);
      assert.equal(await page.locator("h1").count(), 1, "a page has one h1");
      await context.close();
    });
  }

  test(`${path} fits 360 px and speaks German`, async () => {
    const { context, page, status } = await opened(path, { viewport: { width: 360, height: 740 }, locale: "de-DE" });
    assert.equal(status, 200);
    await settled(page);
    assert.equal(await page.getAttribute("html", "lang"), "de");
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 360);
    await context.close();
  });
}

test("the choice of colors and language is kept, and drawn by the server", async () => {
  const { context, page } = await opened("/", { colorScheme: "light" });
  await page.click("[data-testid=theme]");
  await page.click("[data-testid=theme]");
  assert.equal(await page.getAttribute("html", "data-theme"), "dark");
  await page.click("[data-testid=language]");
  assert.equal(await page.getAttribute("html", "lang"), "de");
  const html = await (await context.request.get(BASE.href)).text();
  assert.match(html, /<html[^>]*data-theme="dark"/);
  assert.match(html, /<html[^>]*lang="de"/);
  await context.close();
});

test("by keyboard alone: help, palette, chords, fleet, table, back", async () => {
  const { context, page } = await opened("/");
  await settled(page);
  await page.keyboard.press("?");
  await page.waitForSelector("[data-testid=help][open]");
  assert.match(await page.innerText("[data-testid=help]"), /g\s*then\s*a/);
  await page.keyboard.press("Escape");
  await page.waitForSelector("[data-testid=help]:not([open])", { state: "attached" });
  await page.keyboard.press("f");
  await page.waitForSelector("[data-testid=fleet]");
  assert.match(page.url(), /show=fleet/);
  await page.keyboard.press("f");
  await page.waitForSelector("[data-testid=fan-chart]");
  await page.keyboard.press("t");
  await page.waitForSelector("[data-testid=fan-table]");
  await page.keyboard.press("n");
  await page.waitForSelector("[data-testid=fan-chart]");
  await page.keyboard.press("Control+k");
  await page.waitForSelector("[data-testid=palette-input]");
  await page.keyboard.type("nrel");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => location.search.includes("site=nrel-pv"));
  await page.keyboard.press("g");
  await page.keyboard.press("a");
  await page.waitForSelector("[data-testid=moment-bar]");
  assert.equal(new URL(page.url()).pathname, "/as-at");
  await context.close();
});

test("the first Tab is the way past the navigation, and what has focus is seen", async () => {
  const { context, page } = await opened("/");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("href")), "#page");
  for (let i = 0; i < 12; i += 1) {
    await page.keyboard.press("Tab");
    const seen = await page.evaluate(() => {
      const css = getComputedStyle(document.activeElement);
      return css.outlineStyle !== "none" && Number.parseFloat(css.outlineWidth) >= 2;
    });
    assert.ok(seen, `nothing shows where the focus is after ${i + 2} times Tab`);
  }
  await context.close();
});

test("a drag zooms, the range stands in the address, a link opens it, a double click shows all", async () => {
  const { context, page } = await opened("/?site=la-haute-borne");
  const chart = await page.waitForSelector("[data-testid=fan-chart] canvas");
  const box = await chart.boundingBox();
  await page.mouse.move(box.x + box.width * 0.4, box.y + box.height * 0.5);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.7, box.y + box.height * 0.5, { steps: 5 });
  await page.mouse.up();
  await page.waitForFunction(() => /from=.+&to=/.test(location.search));
  const link = page.url();
  await page.goto(link);
  await page.waitForSelector("[data-testid=zoom-reset]");
  await page.dblclick("[data-testid=fan-chart] .u-over");
  await page.waitForFunction(() => !location.search.includes("from="));
  await context.close();
});

test("cursors are linked: pointing at one series marks the moment in the others", async () => {
  const { context, page } = await opened("/?site=la-haute-borne");
  await page.waitForSelector("[data-testid=fan-small] canvas");
  const box = await (await page.$("[data-testid=fan-chart] .u-over")).boundingBox();
  await page.mouse.move(box.x + box.width * 0.5, box.y + box.height * 0.5);
  await page.waitForFunction(() => document.querySelectorAll("[data-testid=cursor]").length > 1);
  await context.close();
});

test("what is on screen goes along as CSV, JSON and PNG", async () => {
  const { context, page } = await opened("/?site=la-haute-borne");
  await page.waitForSelector("[data-testid=fan-chart] canvas");
  for (const [format, begins] of [["CSV", "period_start,period_start_local,period,measured_w"], ["JSON", "["], ["PNG", "\u2030PNG"]]) {
    const [download] = await Promise.all([page.waitForEvent("download"), page.click(`[data-testid=export] [data-format=${format}]`)]);
    const chunks = [];
    for await (const chunk of await download.createReadStream()) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    if (format === "PNG") assert.deepEqual([...bytes.subarray(0, 4)], [0x89, 0x50, 0x4e, 0x47]);
    else assert.ok(bytes.toString("utf8").startsWith(begins), `${format} begins ${bytes.subarray(0, 60)}`);
    assert.match(download.suggestedFilename(), /^gridseal-la-haute-borne-.+\.(csv|json|png)$/);
  }
  await context.close();
});

test("as at: what was believed an hour ago, how it changed, and the runs with their seals", async () => {
  const { context, page } = await opened("/as-at?series=la-haute-borne/farm");
  await page.waitForSelector("[data-testid=believed] [data-testid=fan-chart] canvas");
  await page.keyboard.press("[");
  await page.waitForFunction(() => /at=\d{4}-/.test(location.search));
  await page.waitForSelector("[data-testid=stability] tbody tr:nth-child(4)");
  await page.waitForSelector("[data-testid=runs] tbody tr");
  await page.waitForSelector("[data-testid=revisions] svg rect");
  await context.close();
});

test("wall display hides what needs hands, keeps the picture, and leaves by key", async () => {
  const { context, page } = await opened("/?wall=1");
  await page.waitForSelector("html[data-wall=on]");
  assert.equal(await page.isVisible("[data-testid=palette-open]"), false);
  await page.waitForSelector("[data-testid=fan-chart]");
  await page.keyboard.press("w");
  await page.waitForSelector("html:not([data-wall])");
  await context.close();
});

const refuse = (status, body) => (route) =>
  route.fulfill({ status, contentType: "application/problem+json", body: JSON.stringify(body) });
const STATES = [
  ["loading", "/api/v1/forecasts/at", () => {}],
  ["error", "/api/v1/forecasts/at", refuse(500, { detail: "broken on purpose", trace_id: "4bf92f3577b34da6" })],
  ["no-permission", "/api/v1/forecasts/at", refuse(403, { detail: "role viewer is needed" })],
  ["offline", "/api/v1/forecasts/at", refuse(502, { detail: "forecast-service cannot be reached" })],
];
for (const [kind, address, answer] of STATES) {
  test(`state ${kind}: said in words, axe-clean`, async () => {
    const { context, page } = await opened("/verify");
    await page.route(`**${address}**`, answer);
    await page.goto(new URL("/as-at", BASE).href);
    const state = await page.waitForSelector(`[data-testid=state][data-kind=${kind}]`);
    if (kind === "error") assert.match(await state.innerText(), /broken on purpose[\s\S]*4bf92f3577b34da6[\s\S]*Copy/);
    assert.deepEqual(await violationsOn(page), []);
    await context.close();
  });
}

test("states of the connection: reconnecting, then offline, each said and axe-clean", async () => {
  const { context, page } = await opened("/verify");
  await page.routeWebSocket(/\/ws\/forecasts/, (socket) => socket.close());
  await page.goto(BASE.href);
  await page.waitForSelector('[data-testid=connection][data-phase="reconnecting"]');
  await page.waitForSelector("[data-testid=state][data-kind=reconnecting], [data-testid=state][data-kind=offline]");
  await page.waitForSelector('[data-testid=connection][data-phase="offline"]');
  assert.deepEqual(await violationsOn(page), []);
  await context.close();
});
