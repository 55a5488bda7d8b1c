/** Answers of asset-service about assets, their performance, the quality of what they send, and who changed them. */
import { z } from "zod";

const utc = z.iso.datetime({ offset: true });
const whole = z.number().int();

export const Asset = z.object({
  asset_id: z.string(),
  site_id: z.string(),
  device_id: z.string(),
  name: z.string(),
  asset_type: z.string(),
  telemetry_class: z.string(),
  quantities: z.array(z.string()),
  native_period_s: whole,
  rating_w: whole.nullish().default(null),
  energy_wh: whole.nullish().default(null),
  simulated: z.boolean().default(false),
});
export type Asset = z.infer<typeof Asset>;

export const AssetPerformance = z.object({
  series_id: z.string(),
  site_id: z.string(),
  asset_id: z.string().nullable(),
  name: z.string(),
  window_start: utc,
  window_end: utc,
  periods: whole,
  mean_actual_w: z.number().nullable(),
  mean_forecast_w: z.number().nullable(),
  mae_w: z.number().nullable(),
  bias_w: z.number().nullable(),
  deviation_ratio: z.number().nullable(),
  energy_wh: z.number().nullable(),
  availability_ratio: z.number().nullable(),
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
  newest_reading_end: utc.nullable(),
  newest_stored_at: utc.nullable(),
  series_id: z.string().nullable(),
  today_start: utc.nullable(),
  energy_today_wh: z.number().nullable(),
});
export type AssetQuality = z.infer<typeof AssetQuality>;

export const AssetHistory = z.object({
  revision: whole,
  items: z.array(z.object({ at: utc, by: z.string(), changes: z.record(z.string(), z.unknown()) })),
});
export type AssetHistory = z.infer<typeof AssetHistory>;
