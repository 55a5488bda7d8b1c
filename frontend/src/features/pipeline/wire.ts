/** What each service says of its stage, and the moments of one message on its way. */
import * as z from "zod/mini";

const utc = z.iso.datetime({ offset: true });
const whole = z.int();
const counts = z.record(z.string(), whole);

export const GatewayStatus = z.object({
  started_at: utc,
  mqtt_connected: z.boolean(),
  devices_known: whole,
  messages_received: whole,
  messages_accepted: whole,
  refused: counts,
  quarantined: counts,
  replayed: whole,
  in_flight: whole,
  oldest_unacknowledged_s: z.number(),
  readings_accepted: whole,
  receipts_sent: whole,
});
export type GatewayStatus = z.infer<typeof GatewayStatus>;

export const StreamStatus = z.object({
  messages: whole,
  stored: whole,
  duplicates: whole,
  late: whole,
  refused: counts,
  batches: whole,
  last_batch_ms: z.number(),
  lag_messages: z.nullable(whole),
  rows_per_s: z.number(),
  latency_last_60_s: z.nullable(z.looseObject({ p50_ms: z.number(), p99_ms: z.number() })),
});
export type StreamStatus = z.infer<typeof StreamStatus>;

export const SealSummary = z.object({ states: counts });

export const RatePoint = z.object({
  at: utc,
  batches: whole,
  messages: whole,
  stored: whole,
  duplicates: whole,
  refused: whole,
  undecodable: whole,
  late: whole,
  longest_s: z.nullable(z.number()),
});
export type RatePoint = z.infer<typeof RatePoint>;
export const RatePage = z.object({ bucket_s: whole, items: z.array(RatePoint) });

export const DeadLetter = z.object({
  offset: whole,
  at: utc,
  reason: z.string(),
  detail: z.string(),
  source: z.string(),
  payload_bytes: whole,
  payload: z.string(),
});
export type DeadLetter = z.infer<typeof DeadLetter>;
export const DeadLetterPage = z.object({ items: z.array(DeadLetter), next_cursor: z.nullable(z.string()) });
export const ReplayAnswer = z.object({
  items: z.array(z.object({ offset: whole, outcome: z.string(), reason: z.string() })),
});
export type ReplayAnswer = z.infer<typeof ReplayAnswer>;

export const Refusal = z.object({
  refusal_id: z.string(),
  device_id: z.string(),
  quantity: z.string(),
  period_start: z.nullable(utc),
  reason: z.string(),
  detail: z.string(),
  payload: z.string(),
  refused_at: utc,
});
export type Refusal = z.infer<typeof Refusal>;
export const RefusalPage = z.object({ items: z.array(Refusal), next_cursor: z.nullable(z.string()) });

export const SeriesInputs = z.object({
  series_id: z.string(),
  site_id: z.string(),
  name: z.string(),
  resolution_s: whole,
  inputs: z.array(z.object({ device_id: z.string(), quantity: z.string() })),
});
export type SeriesInputs = z.infer<typeof SeriesInputs>;

export const ReadingTrail = z.object({
  reading: z.object({
    device_id: z.string(),
    quantity: z.string(),
    period_start: utc,
    period_s: whole,
    value_milli: whole,
    quality: z.string(),
    sent_at_ms: whole,
    stored_at: utc,
  }),
  batch: z.nullable(
    z.object({
      batch_id: whole,
      began_at: z.nullable(utc),
      committed_at: utc,
      told_at: z.nullable(utc),
      messages: whole,
      inserted: whole,
    }),
  ),
  windows: z.array(z.object({ width_s: whole, window_start: utc, version: whole, updated_at: utc })),
});
export type ReadingTrail = z.infer<typeof ReadingTrail>;

export const MessageHop = z.object({
  boot_id: z.string(),
  seq: whole,
  topic: z.string(),
  partition: whole,
  offset: whole,
  received_at: z.nullable(utc),
  written_at: utc,
  traceparent: z.string(),
});
export type MessageHop = z.infer<typeof MessageHop>;

export const RunTrail = z.object({
  run_id: z.string(),
  product_id: z.string(),
  slot_domain: utc,
  issued_domain: utc,
  recorded_at: utc,
  gate_closure_domain: utc,
  model_name: z.string(),
  model_version: z.string(),
  published_at: z.nullable(utc),
  job_sent_at: z.nullable(utc),
  job_ended_at: z.nullable(utc),
  input_bytes: z.nullable(whole),
  seal_state: z.nullable(z.string()),
  tx_hash: z.nullable(z.string()),
  block_number: z.nullable(whole),
  block_time_domain: z.nullable(utc),
  seal_known_at: z.nullable(utc),
});
export type RunTrail = z.infer<typeof RunTrail>;
