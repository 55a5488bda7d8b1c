/**
 * What the services send, as zod schemas: the TypeScript side of `gridseal.wire` (views, live, alerts, catalog).
 *
 * Unknown fields are dropped, missing or wrong ones refuse the message. Values are whole thousandths of the
 * unit beside them; times are RFC 3339 with `Z`. In `zod/mini`: every page loads this file, the live page no more zod.
 */
import * as z from "zod/mini";

const utc = z.iso.datetime({ offset: true });
const whole = z.int();
const positive = whole.check(z.positive());
const cursor = z._default(z.nullish(z.string()), null);

export const Seal = z.object({
  run_id: z.string(),
  product_id: z.string(),
  slot: utc,
  version: whole,
  state: z.enum(["pending", "signed", "sent", "mined", "final", "late", "failed"]),
  root: z.string(),
  authority: z.string(),
  chain_id: whole,
  registry: z.string(),
  tx_hash: z._default(z.nullish(z.string()), null),
  block_number: z._default(z.nullish(whole), null),
  block_time: z._default(z.nullish(utc), null),
  detail: z._default(z.string(), ""),
});
export type Seal = z.infer<typeof Seal>;

export const Point = z.object({ target_start: utc, values_milli: z.array(whole) });
export type Point = z.infer<typeof Point>;

export const ActualPoint = z.object({
  period_start: utc,
  mean_milli: whole,
  complete: z.boolean(),
  version: whole,
});
export type ActualPoint = z.infer<typeof ActualPoint>;

export const SeriesForecastView = z.object({
  series_id: z.string(),
  site_id: z.string(),
  name: z.string(),
  kind: z.string(),
  unit: z.string(),
  direction: z.enum(["into_grid", "from_grid", "none"]),
  capacity_w: z.nullable(whole),
  resolution_s: positive,
  product_id: z.string(),
  run_id: z.string(),
  slot: utc,
  issued_at: utc,
  delivery_start: utc,
  gate_closure: utc,
  levels_bps: z.array(whole),
  model: z.string(),
  model_version: z.string(),
  rung: whole,
  data_age_s: whole,
  points: z.array(Point),
  actuals: z.array(ActualPoint),
  seal: z.nullable(Seal),
  attribution: z._default(z.string(), ""),
});
export type SeriesForecastView = z.infer<typeof SeriesForecastView>;

export const LatestForecasts = z.object({
  as_at: utc,
  items: z.array(z.unknown()),
  next_cursor: cursor,
});

export const KindAccuracy = z.object({
  kind: z.string(),
  model: z.string(),
  forecasts: whole,
  pinball_ratio: z.number(),
  coverage_90_ratio: z.nullable(z.number()),
});
export type KindAccuracy = z.infer<typeof KindAccuracy>;

export const ForecastSummary = z.object({
  as_at: utc,
  time_scale: z.number(),
  products: whole,
  sites: whole,
  series: whole,
  horizon_s: whole,
  runs_issued: whole,
  runs_sealed: whole,
  runs_late: whole,
  champion: z.nullable(z.string()),
  accuracy: z.array(KindAccuracy),
});
export type ForecastSummary = z.infer<typeof ForecastSummary>;

export const Alert = z.object({
  alert_id: z.string(),
  severity: z.enum(["info", "warning", "critical"]),
  rule: z.string(),
  site_id: z.string(),
  subject: z.string(),
  title: z.string(),
  detail: z.string(),
  period_start: utc,
  period_end: utc,
  raised_at: utc,
  count: z._default(whole, 1),
});
export type Alert = z.infer<typeof Alert>;

export const AlertList = z.object({ as_at: utc, items: z.array(z.unknown()) });

export const Window = z.object({
  series_id: z.string(),
  width_s: positive,
  window_start: utc,
  mean_milli: whole,
  covered_s: whole,
  expected_s: positive,
  version: whole,
});
export type Window = z.infer<typeof Window>;

export const Site = z.object({
  site_id: z.string(),
  name: z.string(),
  region_id: z.string(),
  timezone: z.string(),
  /** Degrees; absent where the place is not told. */
  latitude: z.nullish(z.number()),
  longitude: z.nullish(z.number()),
  attribution: z._default(z.string(), ""),
});
export type Site = z.infer<typeof Site>;

export const Series = z.object({
  series_id: z.string(),
  site_id: z.string(),
  name: z.string(),
  kind: z.string(),
  unit: z.string(),
  resolution_s: positive,
  issue_every_s: positive,
  capacity_w: z._default(z.nullish(whole), null),
  forecast: z._default(z.boolean(), true),
  primary: z._default(z.boolean(), false),
});
export type Series = z.infer<typeof Series>;

/** A list answer; its items are checked one by one, so that one odd record hides itself and not the rest. */
export const List = z.object({
  items: z.array(z.unknown()),
  next_cursor: cursor,
});

export const ServerFrame = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("hello"),
    protocol: z.string(),
    epoch: z.string(),
    time_scale: z.number().check(z.positive()),
    now: utc,
  }),
  z.object({ type: z.literal("ack"), id: z.string(), epoch: z.string() }),
  z.object({
    type: z.literal("snapshot"),
    id: z.string(),
    seq: whole,
    as_at: utc,
    reset: z._default(z.boolean(), false),
    data: z.array(z.unknown()),
  }),
  z.object({ type: z.literal("delta"), id: z.string(), seq: whole, prev_seq: whole, data: z.unknown() }),
  z.object({ type: z.literal("complete"), id: z.string() }),
  z.object({ type: z.literal("error"), id: z.nullable(z.string()), code: z.string(), message: z.string() }),
  z.object({ type: z.literal("ping") }),
  z.object({ type: z.literal("pong") }),
]);
export type ServerFrame = z.infer<typeof ServerFrame>;

/** The items that fit, and how many did not. */
export function sift<T>(
  schema: z.core.$ZodType<T>,
  items: readonly unknown[],
): { kept: T[]; refused: number } {
  const kept: T[] = [];
  for (const item of items) {
    const parsed = z.safeParse(schema, item);
    if (parsed.success) kept.push(parsed.data);
  }
  return { kept, refused: items.length - kept.length };
}

/** Answer of this dashboard's own `/config`. */
export const PublicConfigShape = z.object({
  ws_url: z.string(),
  rpc_url: z.string(),
  development: z.boolean(),
});
