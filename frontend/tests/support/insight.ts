/** Test data for the pages Accuracy, Models, Alerts, Assets and Pipeline, in the shape of the services. */
import { domainNow, iso, SERIES } from "./fleet.ts";

const LEVELS = [500, 1000, 2500, 5000, 7500, 9000, 9500];
const HOUR_MS = 3_600_000;
const KINDS = ["wind", "pv", "home_net", "home_load", "home_pv", "household"];

/** The same numbers for the same seed. */
export function noise(seed: number): number {
  const x = Math.sin(seed * 127.1 + 11.7) * 43758.5453;
  return x - Math.floor(x);
}

const figure = (value: number, half: number) => ({
  value,
  low: value - half * 1.1,
  high: value + half,
  method: "block_bootstrap",
});

function accuracyRow(kind: string, i: number) {
  const n = 4_800 - i * 520;
  const loss = 0.021 + i * 0.003;
  const base = loss * (i === 5 ? 0.96 : 1.28 - i * 0.02);
  const observed = LEVELS.map((level, k) => level / 10_000 + (noise(i * 7 + k) - 0.5) * 0.06);
  const edges = [0, ...observed, 1];
  const bounds = [0, ...LEVELS, 10_000];
  const band = (nominal_ratio: number, width_ratio: number) => ({
    nominal_ratio,
    coverage: figure(nominal_ratio - 0.02 + noise(i + nominal_ratio * 10) * 0.05, 0.03),
    width_ratio: width_ratio * (1 + i * 0.1),
    forecasts: n,
  });
  return {
    product_id: "site-6h",
    kind,
    model: "lstm",
    forecasts: n,
    series: 4 + i * 3,
    blocks: 28,
    pinball: figure(loss, 0.0018),
    baseline_pinball: figure(base, 0.002),
    skill: figure(1 - loss / base, i === 5 ? 0.06 : 0.05),
    crps_ratio: loss * 1.85,
    coverage: [band(0.5, 0.08), band(0.8, 0.16), band(0.9, 0.21)],
    baseline_coverage_90: figure(0.91, 0.02),
    reliability: LEVELS.map((level_bps, k) => ({
      level_bps,
      observed: figure(observed[k] ?? 0, 0.025),
      pinball_ratio: loss,
      forecasts: n,
    })),
    pit: bounds.slice(1).map((to_bps, k) => ({
      from_bps: bounds[k] ?? 0,
      to_bps,
      share: Math.max(0, (edges[k + 1] ?? 1) - (edges[k] ?? 0)),
      expected_ratio: (to_bps - (bounds[k] ?? 0)) / 10_000,
    })),
  };
}

function spanOf(query: URLSearchParams) {
  const period_end = iso(Math.floor(domainNow() / HOUR_MS) * HOUR_MS);
  return { as_at: period_end, period_start: query.get("since") ?? period_end, period_end, block_s: 21_600 };
}

function skillTable(query: URLSearchParams) {
  const valuesOf: Record<string, string[]> = {
    series: SERIES.slice(0, 24).map((one) => one.series_id),
    kind: KINDS,
    lead: ["1", "2", "3", "4", "5", "6"],
    hour: Array.from({ length: 24 }, (_, hour) => String(hour)),
  };
  const [rows, columns] = [query.get("rows") ?? "series", query.get("columns") ?? "lead"];
  const items = (valuesOf[rows] ?? []).flatMap((row, i) =>
    (valuesOf[columns] ?? []).map((column, k) => {
      const skill = 0.32 - k * 0.03 + (noise(i * 31 + k) - 0.5) * 0.3;
      return {
        row,
        column,
        forecasts: 168,
        blocks: 28,
        pinball_ratio: 0.02,
        baseline_ratio: 0.02 / (1 - skill),
        skill: figure(skill, 0.12),
      };
    }),
  );
  return { ...spanOf(query), rows, columns, items };
}

function timeline(query: URLSearchParams) {
  const end = Math.floor(domainNow() / HOUR_MS) * HOUR_MS;
  const items = Array.from({ length: 96 }, (_, i) => {
    const day = 1 + 0.35 * Math.sin((i / 24) * 2 * Math.PI);
    return {
      period_start: iso(end - (96 - i) * HOUR_MS),
      kind: "wind",
      model: "lstm",
      forecasts: 210,
      pinball_ratio: 0.024 * day * (0.85 + noise(i) * 0.3),
      baseline_ratio: 0.031 * day * (0.85 + noise(i + 900) * 0.3),
      coverage_90_ratio: 0.9,
    };
  });
  return { ...spanOf(query), bucket_s: 3_600, items };
}

/** Answers of the pages' routes; null where the path is none of theirs. `EMPTY=1`: nothing has happened yet. */
export function insightAnswer(path: string, query: URLSearchParams): unknown {
  const empty = process.env.EMPTY === "1";
  if (path === "/api/v1/accuracy")
    return { ...spanOf(query), items: empty ? [] : KINDS.map(accuracyRow).filter(kindIs(query)) };
  if (path === "/api/v1/accuracy/skill") return skillTable(query);
  if (path === "/api/v1/accuracy/timeline") return timeline(query);
  return null;
}

const kindIs = (query: URLSearchParams) => (row: { kind: string }) =>
  !query.get("kind") || query.get("kind") === row.kind;
