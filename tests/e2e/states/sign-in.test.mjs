// The dashboard behind a login, with the key of a machine: the way in, what is shown where, and what is said when it ends.
// The way over an OpenID provider is `tests/oidc/test_dashboard_login.py`, that of a wallet `tests/e2e/wallet`.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { violationsOn } from "../axe.mjs";
import { aScene } from "./scene.mjs";

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];
const KEY = "gs-key-of-a-wall-display";

let browser;
let scene;
before(async () => {
  [browser, scene] = await Promise.all([
    chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS }),
    aScene({ more: { GRIDSEAL_AUTH: "login" } }),
  ]);
});
after(async () => {
  await Promise.all([browser?.close(), scene?.end()]);
});

test("nobody sees a page before they have signed in, and everybody comes back to the one they wanted", async () => {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce", locale: "en-US" });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const sockets = [];
  page.on("websocket", (socket) => {
    const sent = [];
    socket.on("framesent", ({ payload }) => sent.push(JSON.parse(payload)));
    sockets.push({ url: socket.url(), sent });
  });

  await page.goto(new URL("/?site=b", scene.base).href);
  await page.waitForURL((url) => url.pathname === "/sign-in" && url.searchParams.get("back") === "/?site=b");
  assert.deepEqual(await violationsOn(page), []);
  await page.emulateMedia({ colorScheme: "dark" });
  assert.deepEqual(await violationsOn(page), []);
  await scene.order({ path: "/api/v1/sites", status: 401, body: {} });
  await page.fill("[data-testid=api-key]", KEY);
  await page.click("[data-testid=with-key]");
  await page.getByRole("alert").getByText("no service knows this key").waitFor();
  await scene.order();
  await page.click("[data-testid=with-key]");
  await page.waitForURL((url) => url.pathname === "/" && url.searchParams.get("site") === "b");

  await page.waitForSelector('[data-testid=connection][data-phase="live"]');
  await page.getByTestId("who").getByText("API key").waitFor();
  assert.deepEqual(sockets[0].sent[0], { type: "authenticate", token: KEY });
  assert.ok(!sockets[0].url.includes(KEY));
  assert.equal(await page.evaluate((key) => document.cookie.includes("gridseal_login") || document.documentElement.innerHTML.includes(key), KEY), false);
  assert.deepEqual(await violationsOn(page), []);

  await context.clearCookies();
  scene.cut();
  await page.waitForSelector("[data-testid=signed-out]");
  await page.waitForSelector('[data-testid=connection][data-phase="signed-out"]');
  assert.deepEqual(await violationsOn(page), []);
  await page.click("[data-testid=sign-in-again]");
  await page.waitForURL((url) => url.pathname === "/sign-in");
  await context.close();
});
