/** Test data for the page Pipeline. */
import { domainNow, iso, runIdOf, SERIES } from "./fleet.ts";
import { noise } from "./insight.ts";

const started = Date.now();
const wall = (ms: number) => new Date(ms).toISOString();
const elapsed = () => (Date.now() - started) / 1_000;
const letters = Array.from({ length: 60 }, (_, i) => ({
  offset: 59 - i,
  at: wall(started - i * 240_000),
  reason: ["wrong_unit", "malformed", "foreign_device", "not_finite"][i % 4],
  detail: "readings.0.unit: kW.h is no unit of active_power (test data)",
  source: "v1/demo/home-04/home-04-pv/telemetry",
  payload_bytes: 214,
  payload:
    '{"schema":"telemetry/1","device_id":"home-04-pv","seq":1841,"readings":[{"quantity":"active_power","unit":"kW.h","value":1.5}]}',
}));

function status() {
  return {
    started_at: wall(started),
    mqtt_connected: true,
    devices_known: 44,
    messages_received: Math.round(81_200 + elapsed() * 46),
    messages_accepted: Math.round(81_140 + elapsed() * 46),
    refused: { wrong_unit: 31, malformed: 29 },
    quarantined: { clock_ahead: 2 },
    replayed: 12,
    in_flight: 3,
    oldest_unacknowledged_s: 0.012,
    readings_accepted: 112_000,
    receipts_sent: 40_100,
  };
}
const stream = () => ({
  messages: 81_100,
  stored: Math.round(112_000 + elapsed() * 60),
  duplicates: 12,
  late: 410,
  refused: { range: 7 },
  batches: 4_100,
  last_batch_ms: 84.2,
  lag_messages: 18,
  rows_per_s: 61.3,
  latency_last_60_s: { n: 900, p50_ms: 180, p95_ms: 410, p99_ms: 655 },
});

function trail(query: URLSearchParams) {
  const width = 900_000;
  const period = query.get("period_start")
    ? Date.parse(query.get("period_start") ?? "")
    : Math.floor(domainNow() / width - 1) * width;
  const sent = Date.now() - 41_000;
  return {
    reading: {
      device_id: query.get("device_id"),
      quantity: query.get("quantity"),
      period_start: iso(period),
      period_s: 900,
      value_milli: 1_204_000,
      quality: "good",
      sent_at_ms: sent,
      stored_at: wall(sent + 260),
    },
    batch: {
      query_id: "q",
      batch_id: 4_093,
      began_at: wall(sent + 120),
      committed_at: wall(sent + 274),
      told_at: wall(sent + 300),
      messages: 46,
      inserted: 60,
    },
    windows: [900, 3600].map((width_s) => ({
      series_id: "s",
      width_s,
      window_start: iso(Math.floor(period / (width_s * 1000)) * width_s * 1000),
      mean_milli: 1,
      covered_s: 900,
      expected_s: 900,
      version: 1,
      updated_at: wall(sent + 268),
    })),
  };
}

export function pipelineAnswer(path: string, query: URLSearchParams, order: unknown): unknown {
  const empty = process.env.EMPTY === "1";
  const items = empty ? [] : letters;
  const before = Number(query.get("cursor") ?? 1_000);
  const page = (all: typeof letters) => {
    const own = all.filter((one) => one.offset < before).slice(0, Number(query.get("limit") ?? 25));
    return { items: own, next_cursor: (own.at(-1)?.offset ?? 0) > 0 ? String(own.at(-1)?.offset) : null };
  };
  if (path === "/api/v1/gateway/status") return status();
  if (path === "/api/v1/gateway/dead-letters") return page(items);
  if (path === "/api/v1/gateway/quarantine") return page(items.slice(58));
  if (path === "/api/v1/gateway/dead-letters/replay")
    return {
      items: (order as { offsets: number[] }).offsets.map((offset) => ({
        offset,
        outcome: offset % 2 ? "accepted" : "refused",
        reason: offset % 2 ? "" : "wrong_unit",
      })),
    };
  if (path === "/api/v1/gateway/trail") {
    const sent = Number(query.get("sent_at_ms"));
    return {
      device_id: "d",
      boot_id: "0123456789abcdef",
      seq: 1_842,
      sent_at_ms: sent,
      topic: "telemetry.solar",
      partition: 1,
      offset: 40_912,
      received_at: wall(sent + 21),
      written_at: wall(sent + 24),
      traceparent: "",
    };
  }
  if (path === "/api/v1/stream/status") return stream();
  if (path === "/api/v1/stream/rates")
    return {
      bucket_s: 60,
      items: empty
        ? []
        : Array.from({ length: 60 }, (_, i) => ({
            at: wall(Math.floor(started / 60_000 - 60 + i) * 60_000),
            batches: 60,
            messages: Math.round(2_700 + noise(i) * 300),
            stored: Math.round(3_600 + noise(i + 70) * 400),
            duplicates: 0,
            refused: i % 9 === 0 ? 14 : 0,
            undecodable: 0,
            late: 2,
            longest_s: 0.2,
          })),
    };
  if (path === "/api/v1/stream/refused")
    return {
      items: items.slice(0, 7).map((one) => ({
        refusal_id: String(one.offset),
        device_id: "home-04-pv",
        quantity: "active_power",
        period_start: iso(domainNow()),
        reason: "range",
        detail: "9.1 MW is beyond the rating (test data)",
        payload: one.payload,
        refused_at: one.at,
      })),
      next_cursor: null,
    };
  if (path === "/api/v1/stream/trail") return empty ? null : trail(query);
  if (path === "/api/v1/trails/windows") {
    const slot = Date.parse(query.get("ended_by") ?? "");
    const at = Date.now() - 26_000;
    return {
      run_id: runIdOf(slot),
      product_id: "site-6h",
      slot_domain: iso(slot),
      issued_domain: iso(slot + 60_000),
      recorded_at: wall(at + 900),
      gate_closure_domain: iso(slot + 900_000),
      model_name: "gridseal-site-6h",
      model_version: "7",
      published_at: wall(at + 960),
      job_sent_at: wall(at),
      job_ended_at: wall(at + 900),
      input_bytes: 90_112,
      seal_state: "mined",
      tx_hash: `0x${"1".repeat(64)}`,
      block_number: 1_284,
      block_time_domain: iso(slot + 95_000),
      seal_known_at: wall(at + 2_400),
    };
  }
  if (path === "/api/v1/settlements/summary") return { states: { mined: 4, final: 310, late: 1, sent: 1 } };
  if (path === "/api/v1/series")
    return {
      items: SERIES.map((s) => ({
        ...s,
        unit: "W",
        forecast: true,
        inputs: [{ device_id: s.series_id.replace("/", "-"), quantity: "active_power", sign: 1 }],
      })),
      next_cursor: null,
    };
  return null;
}
