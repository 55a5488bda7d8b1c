/** Answers of `/api/v1/accuracy`. Losses and widths are over the range (P99 − P1) of each series. */
import { z } from "zod";

const utc = z.iso.datetime({ offset: true });

export const Figured = z.object({
  value: z.number(),
  low: z.number().nullable(),
  high: z.number().nullable(),
  method: z.enum(["block_bootstrap", "wilson", "none"]),
});
export type Figured = z.infer<typeof Figured>;

export const Band = z.object({
  nominal_ratio: z.number(),
  coverage: Figured,
  width_ratio: z.number(),
  forecasts: z.number().int(),
});
export type Band = z.infer<typeof Band>;

export const Level = z.object({
  level_bps: z.number().int(),
  observed: Figured,
  pinball_ratio: z.number(),
  forecasts: z.number().int(),
});
export type Level = z.infer<typeof Level>;

export const PitBin = z.object({
  from_bps: z.number().int(),
  to_bps: z.number().int(),
  share: z.number(),
  expected_ratio: z.number(),
});
export type PitBin = z.infer<typeof PitBin>;

export const AccuracyRow = z.object({
  product_id: z.string(),
  kind: z.string(),
  model: z.string(),
  forecasts: z.number().int(),
  series: z.number().int(),
  blocks: z.number().int(),
  pinball: Figured,
  baseline_pinball: Figured,
  skill: Figured.nullable(),
  crps_ratio: z.number().nullable(),
  coverage: z.array(Band),
  baseline_coverage_90: Figured.nullable(),
  reliability: z.array(Level),
  pit: z.array(PitBin),
});
export type AccuracyRow = z.infer<typeof AccuracyRow>;

export const AccuracyReport = z.object({
  as_at: utc,
  period_start: utc,
  period_end: utc,
  block_s: z.number().int(),
  items: z.array(AccuracyRow),
});
export type AccuracyReport = z.infer<typeof AccuracyReport>;

export const SkillCell = z.object({
  row: z.string(),
  column: z.string(),
  forecasts: z.number().int(),
  blocks: z.number().int(),
  pinball_ratio: z.number(),
  baseline_ratio: z.number(),
  skill: Figured.nullable(),
});
export type SkillCell = z.infer<typeof SkillCell>;

export const SkillTable = z.object({
  period_start: utc,
  period_end: utc,
  block_s: z.number().int(),
  rows: z.string(),
  columns: z.string(),
  items: z.array(SkillCell),
});
export type SkillTable = z.infer<typeof SkillTable>;

export const TimelinePoint = z.object({
  period_start: utc,
  kind: z.string(),
  model: z.string(),
  forecasts: z.number().int(),
  pinball_ratio: z.number(),
  baseline_ratio: z.number(),
  coverage_90_ratio: z.number().nullable(),
});
export type TimelinePoint = z.infer<typeof TimelinePoint>;

export const Timeline = z.object({ bucket_s: z.number().int(), items: z.array(TimelinePoint) });
