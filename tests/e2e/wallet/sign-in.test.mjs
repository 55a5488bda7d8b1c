// The way in by a wallet, where the dashboard asks for a login. Started by settlement-service/tests/test_wallet_in_a_browser.py.
//
// DASHBOARD_URL, RPC_URL, CHAIN_ID; CHROMIUM (/usr/bin/chromium).
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { violationsOn } from "../axe.mjs";
import { StrictWallet } from "./strict-wallet.mjs";

const { chromium } = createRequire(new URL("../", import.meta.url))("playwright-core");
const { DASHBOARD_URL, RPC_URL } = process.env;
const FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update"];

let browser;
before(async () => {
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
});
after(async () => {
  await browser?.close();
});

test("a wallet that says no leads nowhere, one that signs leads to the page that was wanted", async () => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "en-US", reducedMotion: "reduce" });
  context.setDefaultTimeout(60_000);
  const wallet = new StrictWallet({ account: 1, rpc: RPC_URL, chainId: Number(process.env.CHAIN_ID) });
  await wallet.install(context);
  const page = await context.newPage();
  await page.goto(new URL("/settlement?tab=stake", DASHBOARD_URL).href);
  await page.waitForURL((url) => url.pathname === "/sign-in");

  wallet.refuse("personal_sign");
  await page.click("[data-testid=with-wallet]");
  await page.getByRole("alert").filter({ hasText: /rejected|said no/i }).waitFor();
  assert.deepEqual(await violationsOn(page), []);
  assert.equal(new URL(page.url()).pathname, "/sign-in");

  wallet.refuse();
  await page.click("[data-testid=with-wallet]");
  await page.waitForURL((url) => url.pathname === "/settlement" && url.searchParams.get("tab") === "stake");
  await page.getByTestId("who").getByText(wallet.account.address.slice(0, 6)).waitFor();
  assert.deepEqual(
    (await context.cookies()).filter(({ httpOnly }) => !httpOnly).map(({ name }) => name).filter((name) => /session|login/.test(name)),
    [],
  );
  await context.close();
});
