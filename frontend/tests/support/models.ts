/** Test data for the page Models. */
import { domainNow, iso } from "./fleet.ts";
import { noise } from "./insight.ts";

const HOUR_MS = 3_600_000;
let champion = 7;

function performance(model: string, query: URLSearchParams) {
  const end = Math.floor(domainNow() / HOUR_MS) * HOUR_MS;
  const demand = model.includes("demand");
  const unit = demand ? "MWh" : "W";
  const size = demand ? 95_000 : 1_600_000;
  const items = Array.from({ length: 168 }, (_, i) => {
    const actual = size * (0.5 + 0.3 * Math.sin((i / 24) * 2 * Math.PI) + noise(i) * 0.15);
    const predicted = actual + size * (noise(i + 500) - 0.47) * 0.16;
    return {
      period_start: iso(end - (168 - i) * HOUR_MS),
      actual,
      predicted,
      model: "lstm",
      rolling_mae: size * (0.04 + 0.006 * Math.sin(i / 20)),
      rolling_periods: 168,
    };
  });
  const errors = items.map((one) => one.predicted - one.actual);
  const [low, high] = [Math.min(...errors), Math.max(...errors)];
  const edges = Array.from({ length: 51 }, (_, i) => low + ((high - low) * i) / 50);
  const counts = edges.slice(0, 50).map((from, i) => {
    const to = edges[i + 1] ?? high;
    return errors.filter((error) => error >= from && (error < to || i === 49)).length;
  });
  const mean = (values: number[]) => values.reduce((sum, one) => sum + one, 0) / values.length;
  const known = demand ? ["PJM"] : ["la-haute-borne/farm", "la-haute-borne/r80711", "nrel-pv/ac"];
  return {
    as_at: iso(end),
    model,
    product_id: demand ? null : "site-6h",
    unit,
    series_id: query.get("series_id") ?? known[0],
    series: known.map((series_id) => ({ series_id, kind: "wind", forecasts: 4_100 })),
    rolling_s: 604_800,
    items,
    mae: mean(errors.map(Math.abs)),
    rmse: Math.sqrt(mean(errors.map((error) => error * error))),
    bias: mean(errors),
    errors: { edges, counts },
  };
}

function trainings(model: string) {
  const items = Array.from({ length: 23 }, (_, i) => {
    const started = domainNow() - (i + 1) * 7 * 24 * HOUR_MS;
    const accepted = noise(i + 3) > 0.4;
    return {
      training_id: `t${i}`,
      name: `full ${iso(started)}`,
      state: i === 4 ? "failed" : "finished",
      started_at: iso(started),
      ended_at: iso(started + 480_000),
      metrics: {
        blend_rcrps: 0.03 + noise(i) * 0.01,
        baseline_rcrps: 0.041,
        loss: 0.2 + noise(i),
        mae: 0.051,
        seconds: 480,
      },
      params: {
        mode: i % 3 ? "finetune" : "full",
        train_size: String(120_000 - i * 2_000),
        test_size: "18000",
      },
      decision: accepted ? "better on 9 of 9 days, p 0.003" : "not better than version 6: p 0.41",
      accepted: i === 4 ? null : accepted,
      cause: "schedule",
      reason: i % 5 ? "" : "drift: 6 of 20 features",
      version: i === 4 ? null : String(8 - i > 0 ? 8 - i : 1),
    };
  });
  return { model, items };
}

function drift() {
  const items = Array.from({ length: 40 }, (_, i) => {
    const share_ratio = Math.round(Math.max(0, 0.34 - i * 0.012 + (noise(i) - 0.5) * 0.16) * 20) / 20;
    return {
      checked_at: iso(domainNow() - i * 24 * HOUR_MS),
      detected: share_ratio > 0.3,
      share_ratio,
      drifted: Math.round(share_ratio * 20),
      judged: 20,
      triggered_retrain: share_ratio > 0.3,
    };
  });
  const names = [
    "temperature",
    "humidity",
    "wind_speed",
    "cloud_cover",
    "solar_radiation",
    "demand_lag_24h",
    "demand_lag_168h",
    "precipitation",
  ];
  const features = Object.fromEntries(
    names.map((name, i) => [
      name,
      i === 7
        ? { unjudged: "fewer than 24 rows" }
        : {
            drifted: i < 3,
            psi: 0.5 - i * 0.06,
            ks: 0.31 - i * 0.03,
            p_value: i < 3 ? 0.0004 : 0.2,
            reference_mean: 12.5 + i,
            current_mean: 17.1 + i,
            reference_missing: 0,
            current_missing: 0.01 * i,
          },
    ]),
  );
  return { threshold_ratio: 0.3, items, features };
}

export function modelAnswer(path: string, query: URLSearchParams, method: string): unknown {
  const empty = process.env.EMPTY === "1";
  const [, model = "", part = ""] = /^\/api\/v1\/models\/([^/]+)(?:\/(.+))?$/.exec(path) ?? [];
  const version = (one: number) => ({
    version: String(one),
    model_hash: `0x${"ab".repeat(32)}`,
    decision: "better on 9 of 9 days, p 0.003",
  });
  if (path === "/api/v1/models")
    return {
      as_at: iso(domainNow()),
      items: [
        { model: "gridseal-site-6h", product_id: "site-6h", name: "Next 6 hours", unit: "W" },
        { model: "energy-demand-lgbm", product_id: null, name: "Demand", unit: "MWh" },
      ],
      demand: { mae_mwh: 812.4, mape_percent: 2.1, freshness_h: 1.4, trainings: 9 },
    };
  if (path === "/api/v1/drift") return empty ? { threshold_ratio: 0.3, items: [], features: {} } : drift();
  if (!model) return null;
  if (method === "POST" && part === "rollback") {
    champion -= 1;
    return { taken_back: version(champion + 1), serves: version(champion) };
  }
  if (part === "performance") {
    const all = performance(model, query);
    return empty
      ? {
          ...all,
          items: [],
          series: [],
          series_id: null,
          mae: null,
          rmse: null,
          bias: null,
          errors: { edges: [], counts: [] },
        }
      : all;
  }
  if (part === "trainings") return empty ? { model, items: [] } : trainings(model);
  if (part === "importance")
    return empty
      ? null
      : {
          model,
          version: String(champion),
          items: ["wind_speed", "hour_sin", "lag_24h", "temperature", "lag_168h"].map((feature, i) => ({
            feature,
            importance: 0.031 / (i + 1),
            std: 0.002,
          })),
        };
  const events = [
    ["promoted", champion],
    ["staged", champion],
    ["refused", champion - 1],
  ].map(([kind, one], i) => ({
    recorded_at: iso(domainNow() - i * HOUR_MS),
    kind,
    version: String(one),
    reason: "better on 9 of 9 days, p 0.003",
    by: "gate",
    figures: {},
  }));
  return {
    model,
    aliases: empty ? {} : { champion: version(champion), previous: version(champion - 1) },
    events: empty ? [] : events,
  };
}
