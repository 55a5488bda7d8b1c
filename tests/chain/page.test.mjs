// Uses the page as a stranger would: from disk, with a file and the address of a node.
//
// PROOF, FORGED (files), RPC (a node of the chain), CHAIN_ID and REGISTRY (what the file must name),
// CHROMIUM (/usr/bin/chromium), SCREENSHOT (where to put one, if set).
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";

const ROOT = new URL("../../", import.meta.url);
const { chromium } = createRequire(new URL("tests/e2e/", ROOT))("playwright-core");
const PAGE = new URL("blockchain/verify/gridseal-verify.html", ROOT).href;
const { PROOF, FORGED, RPC, CHAIN_ID, REGISTRY } = process.env;
const PINS = { chain: CHAIN_ID, registry: REGISTRY };
const FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update"];
const CHAIN_CHECKS = ["chain id", "registry", "inclusion", "block hash", "commitment", "event", "before the gate", "counts for the slot"];

let browser;
let page;
let asked;
let complaints;

before(async () => {
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
});

after(async () => {
  await browser?.close();
});

async function open() {
  await page?.close();
  page = await browser.newPage({ viewport: { width: 900, height: 1000 } });
  [asked, complaints] = [[], []];
  page.on("request", (request) => asked.push(request.url()));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  await page.goto(PAGE);
}

async function check({ file, rpc = "", pins = PINS }) {
  if (file) await page.setInputFiles("#file", file);
  await page.fill("#rpc", rpc);
  for (const name of ["chain", "registry", "authority"]) await page.fill(`#pin-${name}`, pins[name] ?? "");
  await page.click("#go");
  await page.waitForFunction(() => !document.querySelector("#go").disabled && !document.querySelector("#result").hidden);
  return {
    verdict: await page.getAttribute("#verdict", "data-verdict"),
    told: await page.innerText("#verdict"),
    passed: await page.$$eval("#checks .pass", (rows) => rows.map((row) => row.dataset.check)),
    failed: await page.$$eval("#checks .fail", (rows) => rows.map((row) => row.dataset.check)),
    open: await page.$$eval("#checks .open", (rows) => rows.map((row) => row.dataset.check)),
  };
}

test("without a node nothing is asked, and nothing is called verified", async () => {
  await open();
  const { verdict, told, failed } = await check({ file: PROOF });
  assert.equal(verdict, "open", told);
  assert.deepEqual(failed, []);
  assert.deepEqual(asked, [PAGE]);
});

test("a sealed forecast is verified, and only the node is asked", async () => {
  await open();
  const { verdict, told, passed } = await check({ file: PROOF, rpc: RPC });
  assert.equal(verdict, "verified", told);
  assert.match(told, /home-01\/net, 24 periods/);
  assert.deepEqual(passed.slice(-CHAIN_CHECKS.length), CHAIN_CHECKS);
  assert.deepEqual(new Set(asked.slice(1).map((url) => new URL(url).origin)), new Set([new URL(RPC).origin]));
  assert.deepEqual(complaints, []);
  if (process.env.SCREENSHOT) await page.screenshot({ path: process.env.SCREENSHOT, fullPage: true });
});

test("where nobody says which chain and which registry it must be, it is verified in part only, and says so by name", async () => {
  await open();
  for (const [pins, missing] of [
    [{}, ["expected chain id", "expected registry"]],
    [{ chain: CHAIN_ID }, ["expected registry"]],
    [{ registry: REGISTRY }, ["expected chain id"]],
  ]) {
    const { verdict, told, failed, open: left } = await check({ file: PROOF, rpc: RPC, pins });
    assert.equal(verdict, "open", told);
    assert.match(told, /in part only/);
    assert.deepEqual([failed, left], [[], missing]);
  }
});

test("a file that names another chain, registry or authority is refuted by that name", async () => {
  await open();
  const other = `0x${"12".repeat(20)}`;
  for (const [pin, value, name] of [["chain", "5", "chain id"], ["registry", other, "registry"], ["authority", other, "authority"]]) {
    const { verdict, failed } = await check({ file: PROOF, rpc: RPC, pins: { ...PINS, [pin]: value } });
    assert.deepEqual([verdict, failed], ["refuted", [`expected ${name}`]]);
  }
  const { verdict, told } = await check({ file: PROOF, rpc: RPC, pins: { ...PINS, registry: "0x12" } });
  assert.deepEqual([verdict, told], ["open", "An address is 0x and 40 hexadecimal digits."]);
});

test("the values can be read without the chart", async () => {
  await page.click("#claim summary");
  const rows = await page.$$eval("#values tr", (all) => all.map((row) => row.innerText));
  assert.equal(rows.length, 25);
  assert.match(rows[0], /90 of 100 below/);
  assert.equal(await page.getAttribute("#chart svg", "role"), "img");
});

test("a changed value is refuted, by name", async () => {
  await open();
  const { verdict, failed } = await check({ file: FORGED, rpc: RPC });
  assert.equal(verdict, "refuted");
  assert.deepEqual(failed, ["Merkle proofs"]);
});

test("pasted text does as well as a file", async () => {
  await open();
  await page.click("#paste summary");
  await page.fill("#text", readFileSync(PROOF, "utf8"));
  assert.equal((await check({ rpc: RPC })).verdict, "verified");
});

test("what is no proof file is said to be none, and is never put in as markup", async () => {
  await open();
  const evil = JSON.parse(readFileSync(PROOF, "utf8"));
  evil.forecast.run_id = "<img src=x onerror=document.title='run'>";
  evil.forecast.unit = "<b>W</b>";
  await page.click("#paste summary");
  await page.fill("#text", JSON.stringify(evil));
  await check({ rpc: RPC });
  assert.equal(await page.title(), "Check a sealed forecast");
  assert.equal(await page.$("img"), null);
  await page.fill("#text", '{"format": "gridseal-proof/2", "format": "gridseal-proof/2"}');
  const { verdict, told } = await check({});
  assert.equal(verdict, "refuted");
  assert.match(told, /format stands twice/);
});

test("a node that does not answer leaves the proof open", async () => {
  await open();
  const { verdict, told } = await check({ file: PROOF, rpc: "http://127.0.0.1:9" });
  assert.equal(verdict, "open");
  assert.match(told, /does not answer/);
});

test("the page may run nothing but its own script", async () => {
  await open();
  const ran = await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "window.strange = true";
    document.body.append(script);
    return window.strange === true;
  });
  assert.equal(ran, false);
});
