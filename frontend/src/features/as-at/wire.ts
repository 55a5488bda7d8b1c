/** What was believed when, as `gridseal.wire.beliefs` has it. */
import * as z from "zod/mini";
import { ActualPoint, Seal } from "@/lib/wire";

const utc = z.iso.datetime({ offset: true });
const whole = z.int();

export const RunMark = z.object({
  run_id: z.string(),
  product_id: z.string(),
  slot: utc,
  version: whole,
  issued_at: utc,
  recorded_at: utc,
  delivery_start: utc,
  gate_closure: utc,
  levels_bps: z.array(whole),
  model: z.string(),
  model_version: z.string(),
  rung: whole,
  data_age_s: whole,
  seal: z.nullable(Seal),
});
export type RunMark = z.infer<typeof RunMark>;

export const BeliefPoint = z.object({ target_start: utc, run_id: z.string(), values_milli: z.array(whole) });
export type BeliefPoint = z.infer<typeof BeliefPoint>;

export const Belief = z.object({ as_at: utc, before_s: whole, points: z.array(BeliefPoint) });
export type Belief = z.infer<typeof Belief>;

export const BeliefsAt = z.object({
  as_at: utc,
  series_id: z.string(),
  site_id: z.string(),
  name: z.string(),
  kind: z.string(),
  unit: z.string(),
  capacity_w: z.nullable(whole),
  resolution_s: whole.check(z.positive()),
  product_id: z.string(),
  beliefs: z.array(Belief),
  runs: z.array(RunMark),
  actuals: z.array(ActualPoint),
  attribution: z._default(z.string(), ""),
});
export type BeliefsAt = z.infer<typeof BeliefsAt>;

export const RunHistory = z.object({
  items: z.array(RunMark),
  next_cursor: z._default(z.nullish(z.string()), null),
});
export type RunHistory = z.infer<typeof RunHistory>;

export const Revision = z.object({
  run_id: z.string(),
  issued_at: utc,
  lead_s: whole,
  levels_bps: z.array(whole),
  values_milli: z.array(whole),
  rung: whole,
});
export type Revision = z.infer<typeof Revision>;

export const RevisionList = z.object({
  unit: z.string(),
  target_start: utc,
  items: z.array(Revision),
  actual: z.nullable(ActualPoint),
});
export type RevisionList = z.infer<typeof RevisionList>;
