// Drives the dashboard of the running stack as a person would, in a real browser.
//
// DASHBOARD_URL (http://127.0.0.1:23000), CHROMIUM (/usr/bin/chromium),
// WAIT_S (180: how long a fresh stack may take to its first sealed forecast),
// SCREENSHOTS=1 stores docs/images/dashboard.png and dashboard-dark.png.
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";

const BASE = new URL(process.env.DASHBOARD_URL ?? "http://127.0.0.1:23000/");
const WAIT_MS = Number(process.env.WAIT_S ?? 180) * 1000;
const IMAGES = join(import.meta.dirname, "..", "..", "docs", "images");
const LOOPBACK = new Set(["127.0.0.1", "localhost", "[::1]"]);
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

let browser;
let page;
const complaints = [];
const hosts = new Set();
const socketFrames = { count: 0 };

function watch(one) {
  one.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(`${message.text()} ${message.location().url}`);
  });
  one.on("pageerror", (error) => complaints.push(error.message));
  one.on("request", (request) => {
    if (!request.url().startsWith("data:")) hosts.add(new URL(request.url()).hostname);
  });
  one.on("websocket", (socket) => {
    hosts.add(new URL(socket.url()).hostname);
    socket.on("framereceived", () => {
      socketFrames.count += 1;
    });
  });
}

const within = (selector, state = "visible") => page.waitForSelector(selector, { state, timeout: WAIT_MS });
const waitFor = (check, argument) => page.waitForFunction(check, argument, { timeout: WAIT_MS, polling: 200 });

before(async () => {
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
  page = await browser.newPage({ viewport: { width: 1680, height: 1050 }, colorScheme: "light" });
  watch(page);
  await page.goto(BASE.href);
});

after(async () => {
  await browser?.close();
});

test("20 sites are listed by name, with a number each once forecasts are there", async () => {
  await waitFor(() => document.querySelectorAll("[data-testid=site]").length === 20);
  const names = await page.$$eval("[data-testid=site]", (rows) => rows.map((row) => row.dataset.site));
  assert.equal(new Set(names).size, 20);
  for (const expected of ["la-haute-borne", "home-01", "home-17", "nrel-pv", "uk-household"]) {
    assert.ok(names.includes(expected), `${expected} is missing from ${names.join(" ")}`);
  }
});

test("the connection is live and the domain clock runs", async () => {
  await within('[data-testid=connection][data-phase="live"]');
  const clock = "[data-testid=domain-clock]";
  assert.match(await page.innerText(clock), /\d\d:\d\d\s+UTC/);
  const before = await page.innerText(clock);
  await waitFor(([selector, old]) => document.querySelector(selector).innerText !== old, [clock, before]);
});

test("a fan chart with three nested bands is drawn", async () => {
  const chart = await within("[data-testid=fan-chart]");
  assert.equal(await chart.getAttribute("data-bands"), "50 80 90");
  await waitFor(() => document.querySelector("[data-testid=fan-chart] canvas") !== null);
  // The bands' colour at rising strength: blue prevails in at least three different tones.
  const seen = await page.$eval("[data-testid=fan-chart] canvas", (canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const tones = new Map();
    let painted = 0;
    for (let i = 0; i < data.length; i += 4) {
      if (data[i + 3] === 0) continue;
      painted += 1;
      if (data[i + 2] <= data[i] + 40) continue;
      const tone = data[i + 3];
      tones.set(tone, (tones.get(tone) ?? 0) + 1);
    }
    return { painted, bands: [...tones.values()].filter((count) => count > 60).length };
  });
  assert.ok(seen.painted > 2_000, `only ${seen.painted} pixels are painted`);
  assert.ok(seen.bands >= 3, `only ${seen.bands} tones of the fan are to be seen`);
});

test("a period is named with its zone and said in words", async () => {
  const chart = await page.$("[data-testid=fan-chart]");
  const box = await chart.boundingBox();
  await page.mouse.move(box.x + box.width * 0.85, box.y + box.height * 0.5);
  const tip = await within("[data-testid=period-tip]");
  const text = await tip.innerText();
  assert.match(text, /\d\d:\d\d–\d\d:\d\d \S+/);
  assert.match(text, /9 of 10 outcomes below [−\d]/);
  await page.mouse.move(5, 5);
});

test("the chart is described and has a table twin", async () => {
  const label = await page.getAttribute("[data-testid=fan-chart]", "aria-label");
  assert.match(label, /^Fan chart of .+Next hour: median/);
  await page.click("[data-testid=table-toggle]");
  await within("[data-testid=fan-table]");
  assert.ok((await page.$$("[data-testid=fan-table] tbody tr")).length > 6);
  assert.match(page.url(), /view=table/);
  await page.click("[data-testid=table-toggle]");
  await within("[data-testid=fan-chart]");
});

test("a run is sealed, with its transaction and block, and its proof can be had", async () => {
  await within(':is([data-testid=seal-state][data-state="mined"], [data-testid=seal-state][data-state="final"])');
  const tx = await page.waitForSelector("[data-testid=seal-tx][data-value]", { timeout: WAIT_MS });
  assert.match(await tx.getAttribute("data-value"), /^0x[0-9a-f]{64}$/);
  assert.match(await page.innerText("[data-testid=seal-block]"), /^\d+$/);
  const link = await within("[data-testid=proof-link]");
  const proof = await page.request.get(new URL(await link.getAttribute("href"), BASE).href);
  assert.equal(proof.status(), 200);
  assert.equal((await proof.json()).format, "gridseal-proof/2");
});

test("new runs come in over the socket without a reload", async () => {
  const read = () => page.getAttribute("[data-testid=run-id]", "data-value");
  const first = await read();
  const frames = socketFrames.count;
  await waitFor((old) => document.querySelector("[data-testid=run-id]")?.dataset.value !== old, first);
  assert.notEqual(await read(), first);
  assert.ok(socketFrames.count > frames, "the run changed, but nothing came over the socket");
});

test("alerts have a place, and each says how severe it is", async () => {
  const alerts = page.locator("[data-testid=alerts]:visible");
  assert.equal(await alerts.count(), 1);
  for (const text of await alerts.locator("[data-testid=alert]").allInnerTexts()) {
    assert.match(text, /^(Critical|Warning|Info)/);
  }
});

test("keyboard: slash searches, arrows move, the address keeps the choice", async () => {
  await page.keyboard.press("/");
  await page.keyboard.type("nrel");
  await waitFor(() => document.querySelectorAll("[data-testid=site]").length === 1);
  await page.keyboard.press("ArrowDown");
  await waitFor(() => location.search.includes("site=nrel-pv"));
  await page.keyboard.press("Escape");
  await waitFor(() => document.querySelectorAll("[data-testid=site]").length === 20);
});

test("it fits a narrow screen", async () => {
  const narrow = await browser.newPage({ viewport: { width: 360, height: 740 } });
  watch(narrow);
  await narrow.goto(BASE.href);
  await narrow.waitForSelector("[data-testid=fan-chart]", { timeout: WAIT_MS });
  const width = await narrow.evaluate(() => document.documentElement.scrollWidth);
  await narrow.close();
  assert.ok(width <= 360, `the page is ${width} px wide`);
});

test("screenshots", { skip: !process.env.SCREENSHOTS }, async () => {
  await mkdir(IMAGES, { recursive: true });
  for (const [scheme, name] of [["light", "dashboard.png"], ["dark", "dashboard-dark.png"]]) {
    const shot = await browser.newPage({ viewport: { width: 1680, height: 1050 }, colorScheme: scheme });
    watch(shot);
    await shot.goto(new URL("?site=la-haute-borne", BASE).href);
    await shot.waitForSelector(':is([data-testid=seal-state][data-state="mined"], [data-testid=seal-state][data-state="final"])', { timeout: WAIT_MS });
    await shot.waitForSelector("[data-testid=fan-chart] canvas");
    await shot.waitForSelector('[data-testid=connection][data-phase="live"]');
    await shot.screenshot({ path: join(IMAGES, name) });
    await shot.close();
  }
});

test("nothing complained on the console and no other host was asked", () => {
  assert.deepEqual(complaints, []);
  assert.deepEqual([...hosts].filter((host) => !LOOPBACK.has(host) && host !== BASE.hostname), []);
});
