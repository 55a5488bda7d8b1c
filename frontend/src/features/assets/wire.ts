/** Answers of asset-service about assets, their performance, the quality of what they send, and who changed them. */
import * as z from "zod/mini";

const utc = z.iso.datetime({ offset: true });
const whole = z.int();

export const Asset = z.object({
  asset_id: z.string(),
  site_id: z.string(),
  device_id: z.string(),
  name: z.string(),
  asset_type: z.string(),
  telemetry_class: z.string(),
  quantities: z.array(z.string()),
  native_period_s: whole,
  rating_w: z._default(z.nullish(whole), null),
  energy_wh: z._default(z.nullish(whole), null),
  simulated: z._default(z.boolean(), false),
});
export type Asset = z.infer<typeof Asset>;

export const AssetPerformance = z.object({
  series_id: z.string(),
  site_id: z.string(),
  asset_id: z.nullable(z.string()),
  name: z.string(),
  window_start: utc,
  window_end: utc,
  periods: whole,
  mean_actual_w: z.nullable(z.number()),
  mean_forecast_w: z.nullable(z.number()),
  mae_w: z.nullable(z.number()),
  bias_w: z.nullable(z.number()),
  deviation_ratio: z.nullable(z.number()),
  energy_wh: z.nullable(z.number()),
  availability_ratio: z.nullable(z.number()),
});
export type AssetPerformance = z.infer<typeof AssetPerformance>;

export const AssetQuality = z.object({
  asset_id: z.string(),
  device_id: z.string(),
  site_id: z.string(),
  readings: whole,
  suspect: whole,
  bad: whole,
  refused: z.record(z.string(), whole),
  hits: z.record(z.string(), whole),
  newest_reading_end: z.nullable(utc),
  newest_stored_at: z.nullable(utc),
  series_id: z.nullable(z.string()),
  today_start: z.nullable(utc),
  energy_today_wh: z.nullable(z.number()),
});
export type AssetQuality = z.infer<typeof AssetQuality>;

export const AssetHistory = z.object({
  revision: whole,
  items: z.array(z.object({ at: utc, by: z.string(), changes: z.record(z.string(), z.unknown()) })),
});
export type AssetHistory = z.infer<typeof AssetHistory>;
