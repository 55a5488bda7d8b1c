/** Answers of `/api/v1/accuracy`. Losses and widths are over the range (P99 − P1) of each series. */
import * as z from "zod/mini";

const utc = z.iso.datetime({ offset: true });

export const Figured = z.object({
  value: z.number(),
  low: z.nullable(z.number()),
  high: z.nullable(z.number()),
  method: z.enum(["block_bootstrap", "wilson", "none"]),
});
export type Figured = z.infer<typeof Figured>;

export const Band = z.object({
  nominal_ratio: z.number(),
  coverage: Figured,
  width_ratio: z.number(),
  forecasts: z.int(),
});
export type Band = z.infer<typeof Band>;

export const Level = z.object({
  level_bps: z.int(),
  observed: Figured,
  pinball_ratio: z.number(),
  forecasts: z.int(),
});
export type Level = z.infer<typeof Level>;

export const PitBin = z.object({
  from_bps: z.int(),
  to_bps: z.int(),
  share: z.number(),
  expected_ratio: z.number(),
});
export type PitBin = z.infer<typeof PitBin>;

export const AccuracyRow = z.object({
  product_id: z.string(),
  kind: z.string(),
  model: z.string(),
  forecasts: z.int(),
  series: z.int(),
  blocks: z.int(),
  pinball: Figured,
  baseline_pinball: Figured,
  skill: z.nullable(Figured),
  crps_ratio: z.nullable(z.number()),
  coverage: z.array(Band),
  baseline_coverage_90: z.nullable(Figured),
  reliability: z.array(Level),
  pit: z.array(PitBin),
});
export type AccuracyRow = z.infer<typeof AccuracyRow>;

export const AccuracyReport = z.object({
  as_at: utc,
  period_start: utc,
  period_end: utc,
  block_s: z.int(),
  items: z.array(AccuracyRow),
});
export type AccuracyReport = z.infer<typeof AccuracyReport>;

export const SkillCell = z.object({
  row: z.string(),
  column: z.string(),
  forecasts: z.int(),
  blocks: z.int(),
  pinball_ratio: z.number(),
  baseline_ratio: z.number(),
  skill: z.nullable(Figured),
});
export type SkillCell = z.infer<typeof SkillCell>;

export const SkillTable = z.object({
  period_start: utc,
  period_end: utc,
  block_s: z.int(),
  rows: z.string(),
  columns: z.string(),
  items: z.array(SkillCell),
});
export type SkillTable = z.infer<typeof SkillTable>;

export const TimelinePoint = z.object({
  period_start: utc,
  kind: z.string(),
  model: z.string(),
  forecasts: z.int(),
  pinball_ratio: z.number(),
  baseline_ratio: z.number(),
  coverage_90_ratio: z.nullable(z.number()),
});
export type TimelinePoint = z.infer<typeof TimelinePoint>;

export const Timeline = z.object({ bucket_s: z.int(), items: z.array(TimelinePoint) });
