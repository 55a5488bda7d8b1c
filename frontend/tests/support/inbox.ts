/** Test data for the page Alerts: an inbox that takes orders. */
import { alertOf, domainNow, iso } from "./fleet.ts";

interface Step {
  action_id: number;
  recorded_at: string;
  at: string;
  action: string;
  by: string;
  note: string;
  until: string | null;
}

const TITLES = [
  "Value did not change",
  "Device is silent",
  "Value out of range",
  "Clock runs ahead",
  "Sudden step",
];
const STATES: Record<string, string> = {
  acknowledge: "acknowledged",
  snooze: "snoozed",
  resolve: "resolved",
  reopen: "open",
};
const ALLOWED: Record<string, string[]> = {
  open: ["acknowledge", "resolve", "snooze"],
  acknowledged: ["reopen", "resolve", "snooze"],
  snoozed: ["acknowledge", "reopen", "resolve", "snooze"],
  resolved: ["reopen"],
};
const trails = new Map<string, Step[]>();
const start = domainNow();
const alerts = Array.from({ length: 14 }, (_, n) => ({
  ...alertOf(n, start - n * 2_700_000),
  title: `${TITLES[n % TITLES.length]} (test data)`,
  ...(n % 3 === 0 ? { site_id: "home-04", subject: "home-04/net" } : {}),
}));
let next = 1;

function add(id: string, order: { action: string; note?: string; snooze?: string }): Step {
  const step = {
    action_id: next++,
    recorded_at: new Date().toISOString(),
    at: iso(Math.round(domainNow() / 1000) * 1000),
    action: order.action,
    by: "local",
    note: order.note ?? "",
    until: order.action === "snooze" ? iso(Math.round(domainNow() / 1000) * 1000 + 4 * 3_600_000) : null,
  };
  trails.set(id, [...(trails.get(id) ?? []), step]);
  return step;
}
for (const [n, action] of [
  [2, "acknowledge"],
  [5, "resolve"],
  [7, "acknowledge"],
] as const)
  add(alerts[n]?.alert_id ?? "", { action, note: "crew is on its way" });

function itemOf(alert: (typeof alerts)[number]) {
  const trail = trails.get(alert.alert_id) ?? [];
  const last = trail.at(-1) ?? null;
  const state = (last && STATES[last.action]) ?? "open";
  return {
    alert,
    state,
    until: last?.until ?? null,
    came_back: false,
    last,
    actions: trail.length,
    allowed: ALLOWED[state],
  };
}

export function inboxAnswer(path: string, query: URLSearchParams, method: string, order: unknown): unknown {
  const items = process.env.EMPTY === "1" ? [] : alerts.map(itemOf);
  if (path === "/api/v1/alerts") {
    const fits = (name: string, value: string) => [null, value].includes(query.get(name));
    const own = items.filter(
      ({ alert }) => fits("severity", alert.severity ?? "info") && fits("site_id", alert.site_id),
    );
    const counts: Record<string, number> = {};
    for (const one of own) counts[one.state] = (counts[one.state] ?? 0) + 1;
    const shown = own.filter((one) => !query.get("state") || one.state === query.get("state"));
    return { as_at: iso(domainNow()), items: shown, counts, next_cursor: null };
  }
  const [, id, actions] = /^\/api\/v1\/alerts\/([0-9a-f]+)(\/actions)?$/.exec(path) ?? [];
  const found = items.find((one) => one.alert.alert_id === id);
  if (!found || !id) return null;
  if (actions && method === "POST") return add(id, order as { action: string });
  return { item: found, trail: trails.get(id) ?? [] };
}
