/** Answers of `/api/v1/models` and `/api/v1/drift`. */
import * as z from "zod/mini";

const utc = z.iso.datetime({ offset: true });
const whole = z.int();

export const ModelList = z.object({
  as_at: utc,
  items: z.array(
    z.object({
      model: z.string(),
      product_id: z.nullable(z.string()),
      name: z.string(),
      unit: z.enum(["W", "MWh"]),
    }),
  ),
  demand: z.object({
    mae_mwh: z.nullable(z.number()),
    mape_percent: z.nullable(z.number()),
    freshness_h: z.nullable(z.number()),
    trainings: whole,
  }),
});
export type ModelList = z.infer<typeof ModelList>;

const Version = z.object({ version: z.string(), model_hash: z.string(), decision: z.string() });
export const ModelEvent = z.object({
  recorded_at: utc,
  kind: z.string(),
  version: z.string(),
  reason: z.string(),
  by: z.string(),
  figures: z.record(z.string(), z.number()),
});
export type ModelEvent = z.infer<typeof ModelEvent>;
export const ModelState = z.object({
  model: z.string(),
  aliases: z.record(z.string(), Version),
  events: z.array(ModelEvent),
});
export type ModelState = z.infer<typeof ModelState>;

export const Outcome = z.object({
  period_start: utc,
  actual: z.number(),
  predicted: z.number(),
  model: z.string(),
  rolling_mae: z.number(),
  rolling_periods: whole,
});
export type Outcome = z.infer<typeof Outcome>;
export const Performance = z.object({
  as_at: utc,
  model: z.string(),
  unit: z.enum(["W", "MWh"]),
  series_id: z.nullable(z.string()),
  series: z.array(z.object({ series_id: z.string(), kind: z.string(), forecasts: whole })),
  rolling_s: whole,
  items: z.array(Outcome),
  mae: z.nullable(z.number()),
  rmse: z.nullable(z.number()),
  bias: z.nullable(z.number()),
  errors: z.object({ edges: z.array(z.number()), counts: z.array(whole) }),
});
export type Performance = z.infer<typeof Performance>;

export const Training = z.object({
  training_id: z.string(),
  name: z.string(),
  state: z.string(),
  started_at: utc,
  ended_at: z.nullable(utc),
  metrics: z.record(z.string(), z.number()),
  params: z.record(z.string(), z.string()),
  decision: z.string(),
  accepted: z.nullable(z.boolean()),
  cause: z.string(),
  reason: z.string(),
  version: z.nullable(z.string()),
});
export type Training = z.infer<typeof Training>;
export const TrainingList = z.object({ model: z.string(), items: z.array(Training) });

export const DriftCheck = z.object({
  checked_at: utc,
  detected: z.boolean(),
  share_ratio: z.number(),
  drifted: whole,
  judged: whole,
  triggered_retrain: z.boolean(),
});
export type DriftCheck = z.infer<typeof DriftCheck>;
export const DriftFeature = z.looseObject({
  drifted: z.optional(z.boolean()),
  psi: z.optional(z.number()),
  ks: z.optional(z.number()),
  p_value: z.optional(z.number()),
  reference_mean: z.optional(z.number()),
  current_mean: z.optional(z.number()),
  reference_missing: z.optional(z.number()),
  current_missing: z.optional(z.number()),
  unjudged: z.optional(z.string()),
});
export const DriftState = z.object({
  threshold_ratio: z.number(),
  items: z.array(DriftCheck),
  features: z.record(z.string(), DriftFeature),
});
export type DriftState = z.infer<typeof DriftState>;

export const Importance = z.object({
  model: z.string(),
  version: z.string(),
  items: z.array(z.object({ feature: z.string(), importance: z.number(), std: z.number() })),
});
export type Importance = z.infer<typeof Importance>;

export const RolledBack = z.object({ taken_back: Version, serves: Version });
