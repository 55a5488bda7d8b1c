// docs/tour.md, step by step and by clicks alone, on the running demo: from the first fan to a disputed and settled
// forecast. DASHBOARD_URL (http://127.0.0.1:23000) and RPC_URL (http://127.0.0.1:28545) say where it is; it takes up to
// twenty minutes of the wall's time, most of it waiting for the demo's next slot. SCREENSHOTS names a folder for pictures.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { StrictWallet } from "./wallet/strict-wallet.mjs";

const { chromium } = createRequire(import.meta.url)("playwright-core");
const BASE = process.env.DASHBOARD_URL ?? "http://127.0.0.1:23000/";
const RPC = process.env.RPC_URL ?? "http://127.0.0.1:28545";
const { SCREENSHOTS } = process.env;
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];
const CHAIN_ID = 31337;
const [OPERATOR, ARBITER] = [1, 2];
const SOON = { timeout: 120_000 };
/** A slot comes every three minutes, its values can be doubted for two, and a ruled round is settled four minutes later. */
const SLOTS = { timeout: 600_000 };

let browser;
let page;
before(async () => {
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
  if (SCREENSHOTS) mkdirSync(SCREENSHOTS, { recursive: true });
});
after(async () => {
  await browser?.close();
});

const at = (id) => page.locator(`[data-testid=${id}]`);
const go = (name) => at("navigation").getByRole("link", { name }).click();
const panel = (name) => page.getByRole("tab", { name }).click();

/** A browser of a person, with a wallet of this account that begins on chain 1, as wallets do. */
async function visit(account, path = "/") {
  await page?.context().close();
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: "en-US", reducedMotion: "reduce" });
  context.setDefaultTimeout(SOON.timeout);
  await new StrictWallet({ account, rpc: RPC, chainId: CHAIN_ID, on: 1 }).install(context);
  page = await context.newPage();
  await page.goto(new URL(path, BASE).href);
}

async function connect() {
  await at("connect").click();
  await page.click('[data-rdns="test.gridseal.strict"]');
  await at("switch-chain").click();
  await at("wrong-chain").waitFor({ state: "detached" });
}

/** The next step can be signed as soon as this one is in a block: values can be doubted for two minutes only. */
async function sign(part, step) {
  await part.locator("[data-testid=sign]").click();
  await part.locator(`[data-step=${step}] :is([data-phase=mined], [data-phase=final])`).waitFor();
}

async function shot(name) {
  await page.waitForFunction(() => !document.querySelector("main [aria-busy=true]"));
  if (SCREENSHOTS) await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
}

test("2. what will come: a site, its fan in words and as a table, its seal, the map", async () => {
  await visit(OPERATOR);
  await at("site").filter({ hasText: "La Haute Borne" }).click();
  const fan = at("fan-chart");
  await fan.locator("canvas").waitFor();
  await fan.focus();
  await page.keyboard.press("ArrowRight");
  await page.getByText(/of 10 outcomes between/).first().waitFor();
  await at("seal-panel").locator("[data-testid=seal-block]").waitFor();
  await shot("live");
  await page.keyboard.press("t");
  await at("fan-table").waitFor();
  await page.keyboard.press("n");
  await page.keyboard.press("f");
  await at("fleet").waitFor();
  await shot("fleet");
});

test("3. what was believed: an hour back, with the runs before and their seals", async () => {
  await go("As at");
  await at("moment-bar").waitFor();
  await page.keyboard.press("[");
  await at("belief-run").first().waitFor();
  await shot("as-at");
});

test("4. the rest of the control room shows what is there", async () => {
  await go("Alerts");
  await page.getByRole("heading", { level: 1, name: "Alerts" }).waitFor();
  await shot("alerts");
  await go("Assets");
  await page.locator("main table tbody tr").getByRole("button").first().click();
  await at("asset-detail").waitFor();
  await shot("assets");
  await go("Accuracy");
  await at("skill-table").waitFor();
  await shot("accuracy");
  await go("Models");
  await at("tiles").waitFor();
  await shot("models");
  for (const [name, picture] of [["Training", "trainings"], ["Importance", "importance"], ["Drift", "drift"]]) {
    await panel(new RegExp(`^${name}`, "i"));
    await shot(picture);
  }
  await go("Pipeline");
  await page.getByRole("heading", { level: 1, name: "Pipeline" }).waitFor();
  await shot("pipeline");
});

/** The newest slot whose values can be doubted is doubted; which it is, for the page's address. */
async function doubt(text) {
  await visit(OPERATOR, "/settlement");
  await connect();
  await at("product-filter").selectOption("site-6h");
  const proposed = at("slots").locator("tbody tr").filter({ hasText: "values proposed" }).first();
  await proposed.waitFor(SLOTS);
  await proposed.getByRole("button").click();
  await at("evidence").fill(text);
  const form = at("dispute-form");
  await form.locator("[data-step=dispute]").waitFor();
  if ((await form.locator("[data-step=approve]").count()) > 0) await sign(form, "approve");
  await form.locator("[data-testid=sign]").click();
  await page.locator('[data-testid=round-state][data-round="disputed"]').waitFor();
  await at("dispute-evidence").getByText(text).waitFor();
  return new URL(page.url()).search;
}

/** The arbiter's answer: 1 the values hold, 2 the challenger is right. */
async function rule(slot, ruling) {
  await visit(ARBITER, `/settlement${slot}`);
  await connect();
  await at("rule-form").locator("input[type=radio]").nth(ruling - 1).check();
  await sign(at("rule-form"), `rule-${ruling}`);
}

let slot;

test("6. somebody doubts the newest values that were proposed, with a bond", { timeout: 900_000 }, async () => {
  slot = await doubt("The meter of the farm was read twice, see its log of this hour.");
  await shot("settlement");
});

test("7. the arbiter lets the values stand; the forecasts are revealed, scored and settled", { timeout: 900_000 }, async () => {
  assert.ok(slot, "nothing is disputed");
  await rule(slot, 1);
  await page.locator('[data-testid=round-state][data-round="settled"]').waitFor(SLOTS);
  await shot("settled");
});

test("8. the arbiter agrees with another doubt; the challenger is paid", { timeout: 900_000 }, async () => {
  await rule(await doubt("The clamp of the meter was open from ten to eleven."), 2);
  await page.locator('[data-testid=round-state][data-round="void"]').waitFor();
  await shot("void");
  await visit(OPERATOR, "/settlement?tab=stake");
  await connect();
  await page.waitForFunction(() => /^[1-9]/.test(document.querySelector("[data-testid=owed]")?.textContent ?? ""));
  await shot("stakes");
  await sign(at("claim"), "claim");
  await page.waitForFunction(() => document.querySelector("[data-testid=owed]")?.textContent === "0 GLC");
});

test("9. every check of its seal is made in the browser", { timeout: 600_000 }, async () => {
  assert.ok(slot, "nothing is settled");
  await page.goto(new URL(`/settlement${slot}`, BASE).href);
  await at("verify-link").first().click();
  await at("fetch-proof").click();
  await page.locator('[data-testid=verdict][data-verdict="verified"]').waitFor();
  await shot("verify");
});
