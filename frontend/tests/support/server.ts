/**
 * Stands in for the services while the page is worked on: REST and socket on one port, test data only.
 * `node tests/support/server.ts`, then start the dashboard with the three GRIDSEAL_*_URL set to it.
 * PORT (31600), RUNS_AT_START (0 shows the empty state), SCALE (60: how fast the clock runs). A test can order answers (`orders.ts`)
 * and send `{channel, data}` as a delta, to `/test/delta`.
 */
import { createServer } from "node:http";
import { type WebSocket, WebSocketServer } from "ws";
import { beliefAnswer } from "./beliefs.ts";
import { Channels, type Frame } from "./channels.ts";
import {
  alertOf,
  domainNow,
  EPOCH,
  iso,
  powerW,
  runIdOf,
  SCALE,
  SERIES,
  SITES,
  sealOf,
  summaryOf,
  viewOf,
} from "./fleet.ts";
import { orderFor, takeOrders } from "./orders.ts";
import { pageAnswer } from "./pages.ts";
import { settlementAnswer } from "./settlement.ts";

const SLOT_MS = 900_000;
const port = Number(process.env.PORT ?? 31600);
const open = new Map<WebSocket, Set<string>>();
const started = Date.now();
const channels = new Channels(EPOCH + started);
let slot = Math.floor(domainNow() / SLOT_MS) * SLOT_MS;
let runs = Number(process.env.RUNS_AT_START ?? 40);
let alerts = [1, 2, 3, 4, 5].map((n) => alertOf(n, slot - n * 1_500_000));

const currentViews = () => {
  if (runs === 0) return [];
  return SERIES.map((series) => {
    const step = series.issue_every_s * 1000;
    const own = Math.floor(slot / step) * step;
    const view = viewOf(series, own);
    view.seal = sealOf(own, own % 7_200_000 === 0 ? "late" : "mined");
    return view;
  });
};

const http = createServer(async (request, response) => {
  const url = new URL(request.url ?? "/", "http://127.0.0.1");
  let sent = "";
  for await (const part of request) sent += part;
  const order = sent ? JSON.parse(sent) : null;
  if (url.pathname === "/test/orders") {
    takeOrders(order);
    response.end("{}");
    return;
  }
  if (url.pathname === "/test/delta") {
    delta(order.channel, order.data);
    response.end("{}");
    return;
  }
  const ordered = orderFor(url.pathname);
  if (ordered) {
    if (ordered.status === 0) return;
    const kind = ordered.status < 400 ? "application/json" : "application/problem+json";
    response.writeHead(ordered.status, { "Content-Type": kind });
    response.end(JSON.stringify(ordered.body));
    return;
  }
  const other = pageAnswer(url, request.method ?? "GET", order);
  const page = typeof other === "string" ? other : null;
  const body = other ?? answerOf(url.pathname) ?? beliefAnswer(url);
  const type = page ? "text/html" : body ? "application/json" : "application/problem+json";
  response.writeHead(body ? 200 : 404, { "Content-Type": type, ETag: '"1"' });
  const missing = { title: "Not Found", status: 404, detail: `${url.pathname} does not exist` };
  response.end(page ?? JSON.stringify(body ?? missing));
});

function answerOf(path: string): unknown {
  if (path === "/api/v1/sites") return { items: SITES, next_cursor: null };
  if (path === "/api/v1/series")
    return { items: SERIES.map((s) => ({ ...s, unit: "W", forecast: true })), next_cursor: null };
  if (path === "/api/v1/forecasts/summary")
    return { ...summaryOf(runs), ...(runs === 0 ? { accuracy: [], champion: null } : {}) };
  if (path === "/api/v1/forecasts/latest")
    return { as_at: iso(domainNow()), items: currentViews(), next_cursor: null };
  if (path === "/api/v1/alerts/recent") return { as_at: iso(domainNow()), items: alerts, next_cursor: null };
  const settled = settlementAnswer(path, domainNow());
  if (settled) return settled;
  if (path.endsWith("/proof")) return { format: "gridseal-proof/2", note: "test data" };
  return null;
}

const sockets = new WebSocketServer({
  server: http,
  path: "/ws/forecasts",
  handleProtocols: (offered) => [...offered][0] ?? false,
});
sockets.on("connection", (socket) => {
  open.set(socket, new Set());
  send(socket, {
    type: "hello",
    protocol: "gridseal.forecasts.v1+json",
    epoch: EPOCH + started,
    time_scale: SCALE,
    now: iso(domainNow()),
  });
  socket.on("close", () => open.delete(socket));
  socket.on("message", (raw) => {
    const frame = JSON.parse(String(raw));
    if (frame.type === "ping") send(socket, { type: "pong" });
    if (frame.type !== "subscribe") return;
    open.get(socket)?.add(frame.id);
    const all = (channel: string) =>
      channel === "forecasts" ? currentViews() : channel === "alerts" ? alerts : [];
    for (const answer of channels.answer(frame, all, iso(domainNow()))) send(socket, answer);
  });
});

function send(socket: WebSocket, frame: Frame): void {
  socket.send(JSON.stringify(frame));
}

function delta(channel: string, data: unknown): void {
  const frame = channels.add(channel, data);
  for (const [socket, subscribed] of open) if (subscribed.has(channel)) send(socket, frame);
}

function windows(at: number): void {
  for (const series of SERIES.filter((one) => at % (one.resolution_s * 1000) === 0)) {
    const start = at - series.resolution_s * 1000;
    const mean_milli = Math.round(powerW(series, start) * 1000);
    delta("windows", {
      schema: "window/1",
      series_id: series.series_id,
      width_s: series.resolution_s,
      window_start: iso(start),
      mean_milli,
      covered_s: series.resolution_s,
      expected_s: series.resolution_s,
      version: 1,
    });
  }
}

setInterval(() => {
  const next = Math.floor(domainNow() / SLOT_MS) * SLOT_MS;
  if (next === slot) return;
  slot = next;
  windows(slot);
  if (process.env.RUNS_AT_START === "0" && Date.now() - started < Number(process.env.EMPTY_MS ?? 60_000))
    return;
  runs += 1;
  for (const series of SERIES.filter((one) => slot % (one.issue_every_s * 1000) === 0))
    delta("forecasts", viewOf(series, slot));
  const issued = slot;
  setTimeout(() => delta("seals", sealOf(issued, issued % 7_200_000 === 0 ? "late" : "mined")), 1_500);
  if (runs % 3 === 0) {
    const alert = alertOf(runs, slot);
    alerts = [alert, ...alerts].slice(0, 50);
    delta("alerts", alert);
  }
}, 200);

http.listen(port, "127.0.0.1", () =>
  process.stdout.write(`test data on http://127.0.0.1:${port}, run ${runIdOf(slot)}\n`),
);
