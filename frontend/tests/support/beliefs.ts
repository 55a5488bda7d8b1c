/** What was believed when: test data in the shape of `gridseal.wire.beliefs`, from the same made-up curve. */
import { domainNow, iso, LEVELS, powerW, runIdOf, SERIES, sealOf, type TestSeries, viewOf } from "./fleet.ts";

const HOUR_MS = 3_600_000;
const HORIZON_MS = 6 * HOUR_MS;

const newestSlot = (of: TestSeries, atMs: number) => {
  const step = of.issue_every_s * 1000;
  return Math.floor((atMs - 30_000) / step) * step;
};

function markOf(of: TestSeries, slotMs: number) {
  const view = viewOf(of, slotMs, 0);
  return {
    run_id: view.run_id,
    product_id: view.product_id,
    slot: view.slot,
    version: 1,
    issued_at: view.issued_at,
    recorded_at: view.issued_at,
    delivery_start: view.delivery_start,
    gate_closure: view.gate_closure,
    levels_bps: LEVELS,
    model: view.model,
    model_version: view.model_version,
    rung: view.rung,
    data_age_s: view.data_age_s,
    weather: null,
    seal: sealOf(slotMs, slotMs % (8 * of.issue_every_s * 1000) === 0 ? "late" : "mined"),
  };
}

/** Earlier runs saw the same period a little differently: a slow drift that ends at the period itself. */
function pointOf(of: TestSeries, slotMs: number, startMs: number) {
  const lead = (startMs - slotMs) / HORIZON_MS;
  const drift = of.capacity_w * 0.06 * lead * Math.sin(slotMs / HOUR_MS);
  const centre = powerW(of, startMs) * 0.97 + drift;
  const spread = of.capacity_w * 0.03 * Math.sqrt(1 + lead * 12);
  const z = [-1.645, -1.282, -0.674, 0, 0.674, 1.282, 1.645];
  return {
    target_start: iso(startMs),
    run_id: runIdOf(slotMs),
    values_milli: z.map((one) => Math.round((centre + one * spread) * 1000)),
  };
}

function beliefAt(of: TestSeries, atMs: number, fromMs: number) {
  const step = of.resolution_s * 1000;
  const newest = newestSlot(of, atMs);
  const points = [];
  for (let start = Math.ceil(fromMs / step) * step; start <= newest + HORIZON_MS; start += step)
    points.push(pointOf(of, Math.min(newest, newestSlot(of, start)), start));
  return points;
}

function actualsOf(of: TestSeries, fromMs: number, toMs: number) {
  const step = of.resolution_s * 1000;
  const out = [];
  for (
    let start = Math.ceil(fromMs / step) * step;
    start + step <= Math.min(toMs, domainNow());
    start += step
  )
    out.push({
      period_start: iso(start),
      mean_milli: Math.round(powerW(of, start) * 1000),
      complete: true,
      version: 1,
    });
  return out;
}

export function beliefAnswer(url: URL): unknown {
  const of = SERIES.find((one) => one.series_id === url.searchParams.get("series_id"));
  if (!of) return null;
  const atMs = Math.min(Date.parse(url.searchParams.get("as_at") ?? "") || domainNow(), domainNow());
  if (url.pathname === "/api/v1/forecasts/at") return at(of, atMs, url);
  if (url.pathname === "/api/v1/forecasts/runs") return runs(of, atMs, url);
  if (url.pathname === "/api/v1/forecasts/revisions") return revisions(of, atMs, url);
  return null;
}

function at(of: TestSeries, atMs: number, url: URL) {
  const hours = url.searchParams.getAll("before").map((text) => Number(/PT(\d+)H/.exec(text)?.[1] ?? 0));
  const beliefs = [0, ...hours].map((before) => ({
    as_at: iso(atMs - before * HOUR_MS),
    before_s: before * 3600,
    points: beliefAt(of, atMs - before * HOUR_MS, atMs - 12 * HOUR_MS),
  }));
  const ids = new Set(beliefs.flatMap((belief) => belief.points.map((point) => point.run_id)));
  const step = of.issue_every_s * 1000;
  const marks = [];
  for (let slot = newestSlot(of, atMs); marks.length < ids.size && slot > atMs - 60 * HOUR_MS; slot -= step)
    if (ids.has(runIdOf(slot))) marks.unshift(markOf(of, slot));
  return {
    as_at: iso(atMs),
    series_id: of.series_id,
    site_id: of.site_id,
    name: of.name,
    kind: of.kind,
    unit: "W",
    direction: of.direction,
    capacity_w: of.capacity_w,
    resolution_s: of.resolution_s,
    product_id: "site-6h",
    period_from: iso(atMs - 12 * HOUR_MS),
    period_to: iso(atMs + 72 * HOUR_MS),
    beliefs,
    runs: marks,
    actuals: actualsOf(of, atMs - 12 * HOUR_MS, atMs + HORIZON_MS),
    attribution: "Test data, made up by tests/support",
  };
}

function runs(of: TestSeries, atMs: number, url: URL) {
  const limit = Number(url.searchParams.get("limit") ?? 50);
  const first = Number(url.searchParams.get("cursor") ?? newestSlot(of, atMs));
  const step = of.issue_every_s * 1000;
  const items = Array.from({ length: limit }, (_, i) => markOf(of, first - i * step));
  return {
    as_at: iso(atMs),
    series_id: of.series_id,
    product_id: "site-6h",
    items,
    next_cursor: String(first - limit * step),
  };
}

function revisions(of: TestSeries, atMs: number, url: URL) {
  const target = Date.parse(url.searchParams.get("target") ?? "");
  const step = of.issue_every_s * 1000;
  const last = newestSlot(of, Math.min(atMs, target));
  const items = [];
  for (let slot = Math.ceil((target - HORIZON_MS) / step) * step; slot <= last; slot += step)
    items.push({
      ...pointOf(of, slot, target),
      issued_at: iso(slot + 30_000),
      lead_s: (target - slot) / 1000 - 30,
      levels_bps: LEVELS,
      rung: 0,
    });
  const [actual = null] = actualsOf(of, target, target + of.resolution_s * 1000);
  return {
    as_at: iso(atMs),
    series_id: of.series_id,
    product_id: "site-6h",
    unit: "W",
    target_start: iso(target),
    items: items.map(({ target_start: _, ...item }) => item),
    actual,
  };
}
