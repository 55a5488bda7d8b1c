// What a person with a wallet does on the pages Settlement and Verify, in a real browser on a real chain.
// Started by settlement-service/tests/test_wallet_in_a_browser.py, which says where everything is.
//
// DASHBOARD_URL, SERVICE_URL, OTHERS_URL (with a hand on the clock: POST /test/jump), RPC_URL, CHAIN_ID, PRODUCT, RUN, SLOT (its
// values are proposed), LATER_RUN, LATER_SLOT; CHROMIUM (/usr/bin/chromium), SCREENSHOTS (a folder), WAIT_S (60).
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { violationsOn } from "../axe.mjs";
import { StrictWallet } from "./strict-wallet.mjs";

const { chromium } = createRequire(new URL("../", import.meta.url))("playwright-core");
const { DASHBOARD_URL, SERVICE_URL, OTHERS_URL, RPC_URL, PRODUCT, RUN, SLOT, SCREENSHOTS } = process.env;
const CHAIN_ID = Number(process.env.CHAIN_ID);
const FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update"];
const WAIT = { timeout: Number(process.env.WAIT_S ?? 60) * 1_000 };
const SLOT_PAGE = `/settlement?product=${PRODUCT}&slot=${encodeURIComponent(SLOT)}`;
const PERSON = 1;

let browser;
let context;
let page;
let wallet;
let complaints;
const hosts = new Set();

before(async () => {
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
  if (SCREENSHOTS) mkdirSync(SCREENSHOTS, { recursive: true });
});

after(async () => {
  await browser?.close();
});

afterEach(async () => {
  await context?.close();
  context = undefined;
});

/** A browser of a person with this wallet, on this page. */
async function visit(path, options = {}) {
  await context?.close();
  const { viewport = { width: 1280, height: 900 }, language = "en", scheme = "light", ...rest } = options;
  context = await browser.newContext({ viewport, locale: language, colorScheme: scheme });
  context.setDefaultTimeout(WAIT.timeout);
  wallet = new StrictWallet({ account: PERSON, rpc: RPC_URL, chainId: CHAIN_ID, ...rest });
  await wallet.install(context);
  page = await context.newPage();
  complaints = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => /Content Security Policy|Hydration|hydrat/i.test(message.text()) && complaints.push(message.text()));
  page.on("request", (request) => request.url().startsWith("http") && hosts.add(new URL(request.url()).host));
  await page.goto(new URL(path, DASHBOARD_URL).href);
}

const at = (id) => page.locator(`[data-testid=${id}]`);
const jump = async (hours) => assert.ok((await fetch(`${OTHERS_URL}/test/jump?hours=${hours}`, { method: "POST" })).ok);

async function connect() {
  await at("connect").click();
  await page.click('[data-rdns="test.gridseal.strict"]');
  await at("account").waitFor();
}

/** Signs what is next in a part of the page and waits until its transaction has come so far. */
async function sign(part, step, phase = "final") {
  await part.locator("[data-testid=sign]").click();
  await part.locator(`[data-step=${step}] [data-phase=${phase}]`).waitFor();
}

async function shot(name) {
  if (SCREENSHOTS) await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });
}

test("a wallet is found, chosen and connected; nothing is signed by that", async () => {
  await visit("/settlement");
  await connect();
  assert.equal(await at("account").getAttribute("data-account"), wallet.account.address);
  const methods = new Set(wallet.asked.map(({ method }) => method));
  assert.deepEqual([...methods].sort(), ["eth_chainId", "eth_requestAccounts"]);
  await page.reload();
  await at("account").waitFor();
});

test("on a wrong chain nothing can be signed, and a chain that the wallet does not know is offered", async () => {
  await visit("/settlement?tab=stake", { on: 1 });
  await connect();
  await at("wrong-chain").waitFor();
  await at("stake-amount").fill("5");
  assert.ok(await at("stake-steps").locator("[data-testid=sign]").isDisabled());
  await shot("wrong-chain");
  await at("switch-chain").click();
  await at("wrong-chain").waitFor({ state: "detached" });
  assert.deepEqual(
    wallet.asked.map(({ method }) => method).filter((method) => method.startsWith("wallet_")),
    ["wallet_switchEthereumChain", "wallet_addEthereumChain", "wallet_switchEthereumChain"],
  );
  assert.equal(wallet.on, CHAIN_ID);
});

test("whoever signs in is known by the roles that the chain gives", async () => {
  await visit("/settlement");
  await connect();
  wallet.refuse("personal_sign");
  await at("sign-in").click();
  await page.getByText("You said no in your wallet").waitFor();
  wallet.refuse();
  await at("sign-in").click();
  await at("signed-in").waitFor();
  assert.match(await at("signed-in").innerText(), /operator, forecasting authority/);
  await page.reload();
  await at("signed-in").waitFor();
});

test("a stake is said in plain words, refused once, then approved and paid in", async () => {
  await visit("/settlement?tab=stake");
  await connect();
  await at("stake-amount").fill("100");
  const steps = at("stake-steps");
  await steps.locator("[data-step=stake]").waitFor();
  assert.match(await steps.innerText(), /allow the stake contract to take 100 GLC[\s\S]*You stake 100 GLC[\s\S]*get it 4 d later/);
  wallet.refuse("eth_sendTransaction");
  await sign(steps, "approve", "failed");
  assert.match(await steps.innerText(), /You said no in your wallet\. Nothing was sent\./);
  wallet.refuse();
  await sign(steps, "approve");
  await sign(steps, "stake");
  await page.waitForFunction(() => document.querySelector("[data-testid=staked]")?.textContent === "100 GLC", undefined, WAIT);
  await shot("staked");
});

test("what a contract would refuse is said before anything is signed", async () => {
  await visit("/settlement?tab=stake");
  await connect();
  await at("stake-amount").fill("5");
  const steps = at("stake-steps");
  await sign(steps, "approve");
  await takeBackAllowance();
  const before = wallet.asked.length;
  await sign(steps, "stake", "failed");
  assert.match(await steps.innerText(), /The contract refused it: it may take 0 GLC of you and needs 5 GLC/);
  assert.deepEqual(wallet.asked.slice(before).filter(({ method }) => method === "eth_sendTransaction"), []);
});

/** As somebody does in another window: what the page has just had allowed is allowed no longer. */
async function takeBackAllowance() {
  const { address } = wallet.account;
  const { token, contracts } = await (await fetch(`${SERVICE_URL}/api/v1/contracts`)).json();
  const pool = contracts.find(({ name }) => name === "StakePool").address;
  const data = `0x095ea7b3${pool.slice(2).toLowerCase().padStart(64, "0")}${"0".repeat(64)}`;
  await wallet.answer({ method: "eth_sendTransaction", params: [{ from: address, to: token.address, data }] });
  for (const end = Date.now() + WAIT.timeout; ; ) {
    const { allowances } = await (await fetch(`${SERVICE_URL}/api/v1/accounts/${address}`)).json();
    if (allowances.StakePool === "0") return;
    assert.ok(Date.now() < end, `still allowed: ${allowances.StakePool}`);
  }
}

test("measured values are doubted with a bond, and the slot says so", async () => {
  await visit(SLOT_PAGE);
  await connect();
  await page.locator('[data-testid=round-state][data-round="proposed"]').waitFor();
  await at("evidence").fill("The meter was read twice.");
  const form = at("dispute-form");
  await form.locator("[data-step=dispute]").waitFor();
  assert.match(await form.innerText(), /with a bond of 50 GLC\. If the arbiter agrees with you, you get it back and 25 GLC more/);
  await shot("dispute");
  await sign(form, "approve");
  await form.locator("[data-testid=sign]").click();
  await page.locator('[data-testid=round-state][data-round="disputed"]').waitFor();
  await at("dispute-row").waitFor();
  await at("dispute-evidence").getByText("The meter was read twice.").waitFor();
  assert.match(await at("ruling-deadline").innerText(), /The arbiter can rule until/);
  await at("transactions").getByText("The meter was read twice.").locator("xpath=..").locator("[data-phase=final]").waitFor();
  await shot("disputed");
});

test("the arbiter rules on it, and the challenger withdraws bond and gain", async () => {
  await visit(SLOT_PAGE, { account: 2 });
  await connect();
  await at("rule-form").locator("input[type=radio]").nth(1).check();
  await sign(at("rule-form"), "rule-2");
  await page.getByText("the challenger is right").first().waitFor();
  await visit("/settlement?tab=stake");
  await connect();
  await page.waitForFunction(() => document.querySelector("[data-testid=owed]")?.textContent === "75 GLC", undefined, WAIT);
  await sign(at("claim"), "claim");
  await page.waitForFunction(() => document.querySelector("[data-testid=owed]")?.textContent === "0 GLC", undefined, WAIT);
});

test("an authority seals a run under its own name: the batch is signed, then sent", async () => {
  const { LATER_SLOT } = process.env;
  await visit(`/settlement?product=${PRODUCT}&slot=${encodeURIComponent(LATER_SLOT)}`);
  await connect();
  await at("prepare-batch").click();
  await at("opening").waitFor();
  await at("sign-batch").click();
  await sign(at("own-seal"), "notarize");
  assert.equal(wallet.asked.filter(({ method }) => method === "eth_signTypedData_v4").length, 1);
  await page.waitForFunction((own) => document.querySelector("[data-testid=history]")?.textContent.includes(own.slice(0, 6)), wallet.account.address, WAIT);
});

test("a stake is taken out and, four days later, withdrawn", async () => {
  await visit("/settlement?tab=stake");
  await connect();
  await at("exit").click();
  await at("exit-amount").fill("40");
  await at("exit-steps").locator("[data-step=exit]").waitFor();
  assert.match(await at("exit-steps").innerText(), /It earns nothing from now on, can still lose, and can be withdrawn from about/);
  await sign(at("exit-steps"), "exit");
  await at("exit-request").waitFor();
  await jump(24 * 4 + 1);
  const withdraw = at("withdraw");
  await withdraw.waitFor();
  assert.match(await withdraw.innerText(), /You withdraw 40 GLC to your account\./);
  await shot("withdraw");
  await withdraw.locator("[data-testid=sign]").click();
  await at("transactions").getByText("You withdraw 40 GLC").locator("xpath=..").locator("[data-phase=final]").waitFor();
});

test("an operator asks for a recalibration, and the reason is told to the service", async () => {
  await visit("/settlement?tab=recalibrate");
  await connect();
  await at("reason").fill("The inverter was replaced.");
  await sign(at("recalibrate-steps"), "recalibrate");
  await at("overrides").getByText("The inverter was replaced.").waitFor();
});

async function verdictOf(text) {
  await page.setInputFiles("[data-testid=file]", { name: "proof.json", mimeType: "application/json", buffer: Buffer.from(text) });
  const done = () => ["verified", "refuted", "open"].includes(document.querySelector("[data-testid=verdict]")?.dataset.verdict ?? "");
  await page.waitForFunction(done, undefined, WAIT);
  const failed = await page.$$eval('[data-state="failed"], [data-state="notMade"]', (rows) => rows.map((row) => row.dataset.check));
  return { verdict: await at("verdict").getAttribute("data-verdict"), failed };
}

async function proofText() {
  const query = new URLSearchParams({ series_id: "home-00/net" });
  const answer = await fetch(`${SERVICE_URL}/api/v1/settlements/runs/${RUN}/proof?${query}`);
  assert.ok(answer.ok);
  return answer.text();
}

test("a proof file is verified, every check by name", async () => {
  await visit("/verify");
  const { verdict, failed } = await verdictOf(await proofText());
  assert.equal(verdict, "verified", failed.join());
  assert.equal((await page.$$('[data-state="passed"]')).length, 21);
  await shot("verified");
});

test("one flipped byte is refuted by name, and so is what is no proof file", async () => {
  await visit("/verify");
  const text = await proofText();
  const salt = /"salt":"0x([0-9a-f])/.exec(text);
  assert.ok(salt);
  const place = salt.index + salt[0].length - 1;
  const flipped = text.slice(0, place) + (salt[1] === "0" ? "1" : "0") + text.slice(place + 1);
  assert.deepEqual(await verdictOf(flipped), { verdict: "refuted", failed: ["Merkle proofs"] });
  await shot("refuted");
  await visit("/verify");
  assert.equal((await verdictOf("{}")).verdict, "refuted");
  assert.match(await at("verdict").innerText(), /This is no proof file/);
});

test("a node that does not answer leaves the proof open, never verified", async () => {
  await visit("/verify");
  await page.route("**/api/v1/chain", (route) => route.abort());
  const { verdict, failed } = await verdictOf(await proofText());
  assert.equal(verdict, "open");
  assert.equal(failed.length, 8);
});

test("a slot leads to the proof of its run, and the single page can be taken along", async () => {
  await visit(SLOT_PAGE);
  await at("verify-link").click();
  await at("fetch-proof").click();
  await page.locator('[data-testid=verdict][data-verdict="verified"]').waitFor();
  const file = await page.request.get(new URL(await at("page-file").getAttribute("href"), DASHBOARD_URL).href);
  assert.match(await file.text(), /Check a sealed forecast/);
});

test("it fits a narrow screen, in German too", async () => {
  for (const path of ["/settlement?tab=stake", SLOT_PAGE, "/verify"]) {
    await visit(path, { viewport: { width: 360, height: 740 }, language: "de", scheme: "dark" });
    await page.locator("h1").waitFor();
    if (path !== "/verify") await page.locator("table").first().waitFor();
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 360, path);
    await shot(`narrow-${path.slice(1, 7)}-${path.length}`);
    assert.deepEqual(complaints, []);
  }
});

test("each part of the pages is clean by axe, in light and dark", async () => {
  const parts = [[SLOT_PAGE, "history"], ["/settlement?tab=stake", "all-stakes"], ["/settlement?tab=recalibrate", "overrides"], ["/verify", "checks"]];
  for (const scheme of ["light", "dark"]) {
    for (const [path, part] of parts) {
      await visit(path, { scheme });
      if (path === "/verify") await verdictOf(await proofText());
      else await connect();
      await at(part).locator("table, ol").first().waitFor();
      assert.deepEqual(await violationsOn(page), [], `${path} ${scheme}`);
      await shot(`${scheme}-${path.replace(/[^a-z]+/g, "-").slice(1, 24)}`);
    }
  }
});

test("no other host was asked than ours", () => {
  const own = new URL(DASHBOARD_URL).host;
  // The socket of forecast-service is named by the configuration; it is not up here.
  assert.deepEqual([...hosts].filter((host) => host !== own), []);
});
