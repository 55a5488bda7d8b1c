/** Test data for the page Assets: devices that can be renamed. */
import { domainNow, iso, SERIES } from "./fleet.ts";
import { noise } from "./insight.ts";

const TYPES: Record<string, [string, string]> = {
  wind: ["wind_turbine", "wind"],
  pv: ["pv", "solar"],
  home_pv: ["pv", "solar"],
  home_net: ["meter", "meter"],
  home_load: ["meter", "meter"],
  household: ["meter", "meter"],
};
const assets = SERIES.filter(
  (one) => !one.series_id.endsWith("/farm") && !one.series_id.endsWith("/load"),
).map((one) => {
  const [asset_type, telemetry_class] = TYPES[one.kind] ?? ["meter", "meter"];
  const asset_id = one.series_id.replace("/", "-");
  return {
    record: "asset",
    tenant_id: "demo",
    site_id: one.site_id,
    asset_id,
    device_id: asset_id,
    name: `${one.name} (test data)`,
    asset_type,
    telemetry_class,
    quantities: ["active_power"],
    native_period_s: one.resolution_s,
    rating_w: one.capacity_w as number | null,
    energy_wh: null as number | null,
    simulated: false,
    series_id: one.series_id,
  };
});
const revisions = new Map<string, { revision: number; items: unknown[] }>();

const performance = (one: (typeof assets)[number], i: number) => {
  const rating = one.rating_w ?? 1_000;
  const actual = rating * (0.2 + noise(i) * 0.4);
  const mae = rating * (0.02 + noise(i + 50) * 0.05);
  return {
    series_id: one.series_id,
    site_id: one.site_id,
    asset_id: one.asset_id,
    name: one.name,
    window_start: iso(domainNow() - 86_400_000),
    window_end: iso(domainNow()),
    periods: i === 6 ? 0 : 93,
    mean_actual_w: i === 6 ? null : actual,
    mean_forecast_w: i === 6 ? null : actual * 1.03,
    mae_w: i === 6 ? null : mae,
    bias_w: i === 6 ? null : actual * 0.03,
    deviation_ratio: i === 6 ? null : mae / rating,
    energy_wh: actual * 24,
    availability_ratio: i === 3 ? 0.71 : 0.96 + noise(i) * 0.04,
  };
};
const quality = (one: (typeof assets)[number], i: number) => ({
  asset_id: one.asset_id,
  device_id: one.device_id,
  site_id: one.site_id,
  window_start: iso(domainNow() - 86_400_000),
  window_end: iso(domainNow()),
  readings: i === 6 ? 0 : 93,
  suspect: i % 5 === 0 ? 2 : 0,
  bad: i === 3 ? 9 : 0,
  refused: i === 4 ? { range: 3 } : {},
  hits: i === 3 ? { stuck: 9 } : {},
  newest_reading_end: i === 6 ? null : iso(domainNow() - 900_000),
  newest_stored_at: new Date().toISOString(),
  series_id: one.series_id,
  today_start: iso(domainNow() - 40_000_000),
  energy_today_wh: i === 6 ? null : (one.rating_w ?? 0) * 3.1 * noise(i),
});

export function assetAnswer(path: string, method: string, order: unknown): unknown {
  const all = process.env.EMPTY === "1" ? [] : assets;
  if (path === "/api/v1/assets")
    return { items: all.map(({ series_id: _, ...one }) => one), next_cursor: null };
  if (path === "/api/v1/assets/performance") return { items: all.map(performance), next_cursor: null };
  if (path === "/api/v1/assets/quality") return { items: all.map(quality), next_cursor: null };
  const [, id, part] = /^\/api\/v1\/assets\/([^/]+)(\/history)?$/.exec(path) ?? [];
  const found = all.find((one) => one.asset_id === id);
  if (!found || !id) return null;
  const kept = revisions.get(id) ?? { revision: 1, items: [] };
  if (part) return kept;
  if (method === "PATCH") {
    Object.assign(found, order);
    revisions.set(id, {
      revision: kept.revision + 1,
      items: [...kept.items, { at: new Date().toISOString(), by: "local", changes: order }],
    });
  }
  const { series_id: _, ...asset } = found;
  return asset;
}
