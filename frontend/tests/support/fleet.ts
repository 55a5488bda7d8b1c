/** Test data in the shape of the services. Every name says so; nothing of this is in `src`. */

export const LEVELS = [500, 1000, 2500, 5000, 7500, 9000, 9500];
const Z = [-1.645, -1.282, -0.674, 0, 0.674, 1.282, 1.645];
export const SCALE = Number(process.env.SCALE ?? 60);
export const ORIGIN_MS = Date.parse("2026-06-01T06:00:00Z");
export const EPOCH = "test-epoch";

export interface TestSeries {
  series_id: string;
  site_id: string;
  name: string;
  kind: string;
  resolution_s: number;
  issue_every_s: number;
  capacity_w: number;
  primary: boolean;
  direction: "into_grid" | "from_grid";
}

const homes = Array.from({ length: 17 }, (_, i) => `home-${String(i + 1).padStart(2, "0")}`);

const PLACES: Readonly<Record<string, readonly [number, number]>> = {
  "fr-grand-est": [48.45, 5.59],
  "us-ca-fontana": [34.09, -117.43],
  "us-co-golden": [39.74, -105.17],
  "gb-england": [52.5, -1.5],
};

export const SITES = [
  site("la-haute-borne", "La Haute Borne (test data)", "fr-grand-est", "Europe/Paris"),
  ...homes.map((id, i) => site(id, `Home ${i + 1} (test data)`, "us-ca-fontana", "America/Los_Angeles")),
  site("nrel-pv", "NREL PV (test data)", "us-co-golden", "America/Denver"),
  site("uk-household", "UK household (test data)", "gb-england", "Europe/London"),
];

function site(site_id: string, name: string, region_id: string, timezone: string) {
  return {
    record: "site",
    tenant_id: "demo",
    site_id,
    name,
    region_id,
    timezone,
    latitude: PLACES[region_id]?.[0] ?? null,
    longitude: PLACES[region_id]?.[1] ?? null,
    attribution: "Test data, made up by tests/support",
  };
}

function series(
  series_id: string,
  kind: string,
  resolution_s: number,
  capacity_w: number,
  more: Partial<TestSeries> = {},
): TestSeries {
  const [site_id = "", name = ""] = series_id.split("/");
  const direction = kind.includes("load") || kind === "household" ? "from_grid" : "into_grid";
  const issue_every_s = resolution_s;
  return {
    series_id,
    site_id,
    name,
    kind,
    resolution_s,
    issue_every_s,
    capacity_w,
    direction,
    primary: false,
    ...more,
  };
}

export const SERIES: TestSeries[] = [
  series("la-haute-borne/farm", "wind", 900, 8_200_000, { primary: true, issue_every_s: 1800 }),
  ...["r80711", "r80721", "r80736", "r80790"].map((name) =>
    series(`la-haute-borne/${name}`, "wind", 900, 2_050_000, { issue_every_s: 1800 }),
  ),
  ...homes.flatMap((home) => [
    series(`${home}/net`, "home_net", 3600, 8_000, { primary: true }),
    series(`${home}/load`, "home_load", 3600, 8_000),
    series(`${home}/pv`, "home_pv", 3600, 5_000),
  ]),
  series("nrel-pv/ac", "pv", 900, 6_000, { primary: true }),
  series("uk-household/load", "household", 3600, 9_000, { primary: true }),
];

const started = Date.now();
export const domainNow = () => ORIGIN_MS + (Date.now() - started) * SCALE;
export const iso = (ms: number) => new Date(ms).toISOString().replace(".000Z", "Z");
const hex = (text: string, length: number) => {
  let state = [...text].reduce((sum, letter) => (Math.imul(sum, 31) + letter.charCodeAt(0)) | 0, 7);
  let out = "";
  while (out.length < length) {
    state = Math.imul(state ^ (state >>> 13), 0x5bd1e995) | 1;
    out += (state >>> 0).toString(16).padStart(8, "0");
  }
  return out.slice(0, length);
};

/** A smooth made-up power curve, watts. */
export function powerW(of: TestSeries, ms: number): number {
  const shift = of.series_id.length + of.series_id.charCodeAt(of.series_id.length - 1);
  const hours = ms / 3_600_000 + shift;
  const wave = 0.4 + 0.25 * Math.sin(hours / 3) + 0.12 * Math.sin(hours * 1.7) + 0.05 * Math.sin(hours * 5.1);
  return of.capacity_w * (of.kind === "home_net" ? wave - 0.4 : Math.max(0, wave));
}

export const runIdOf = (slotMs: number) => hex(`run-${slotMs}`, 32);

export function sealOf(slotMs: number, state: "pending" | "mined" | "late") {
  return {
    schema: "seal/1",
    run_id: runIdOf(slotMs),
    product_id: "site-6h",
    slot: iso(slotMs),
    version: 1,
    state,
    root: `0x${hex(`root-${slotMs}`, 64)}`,
    authority: `0x${"ab".repeat(20)}`,
    chain_id: 31337,
    registry: `0x${"cd".repeat(20)}`,
    tx_hash: state === "pending" ? null : `0x${hex(`tx-${slotMs}`, 64)}`,
    block_number: state === "pending" ? null : Math.round((slotMs - ORIGIN_MS) / 900_000) + 1200,
    block_time: state === "pending" ? null : iso(slotMs + (state === "late" ? 960_000 : 95_000)),
    detail: "",
  };
}

export function viewOf(of: TestSeries, slotMs: number, hours = 24) {
  const step = of.resolution_s * 1000;
  const count = 21_600 / of.resolution_s;
  const points = Array.from({ length: count }, (_, i) => {
    const start = slotMs + (i + 1) * step;
    const spread = of.capacity_w * 0.035 * Math.sqrt((i + 1) * (24 / count));
    const centre = powerW(of, start) * 0.97;
    return { target_start: iso(start), values_milli: Z.map((z) => Math.round((centre + z * spread) * 1000)) };
  });
  const actuals = [];
  for (let start = slotMs - hours * 3_600_000; start < slotMs; start += step) {
    const back = (slotMs - start) / step;
    if (back > 12 && back < 17) continue;
    const complete = back !== 22 && back !== 23;
    actuals.push({
      period_start: iso(start),
      mean_milli: Math.round(powerW(of, start) * 1000),
      complete,
      version: 1,
    });
  }
  return {
    series_id: of.series_id,
    site_id: of.site_id,
    name: of.name,
    kind: of.kind,
    unit: "W",
    direction: of.direction,
    capacity_w: of.capacity_w,
    resolution_s: of.resolution_s,
    product_id: "site-6h",
    run_id: runIdOf(slotMs),
    slot: iso(slotMs),
    issued_at: iso(slotMs + 30_000),
    delivery_start: iso(slotMs + 900_000),
    gate_closure: iso(slotMs + 900_000),
    levels_bps: LEVELS,
    model: "lstm",
    model_version: "7",
    rung: of.kind === "household" ? 1 : 0,
    data_age_s: 900,
    points,
    actuals,
    seal: null as ReturnType<typeof sealOf> | null,
    attribution: "Test data, made up by tests/support",
  };
}

export function alertOf(n: number, ms: number) {
  const severity = (["warning", "critical", "info"] as const)[n % 3];
  return {
    schema: "alert/1",
    alert_id: hex(`alert-${n}`, 32),
    tenant_id: "demo",
    severity,
    rule: "stuck",
    site_id: "la-haute-borne",
    subject: "la-haute-borne/r80736",
    title: `Test alert ${n}: value did not change`,
    detail: "412 kW for 90 min while wind changed by 3 m/s; check the transducer.",
    period_start: iso(ms - 5_400_000),
    period_end: iso(ms),
    raised_at: iso(ms),
    count: (n % 4) + 1,
  };
}

export function summaryOf(runs: number) {
  const kinds = ["wind", "pv", "home_net", "home_load", "home_pv", "household"];
  return {
    as_at: iso(domainNow()),
    time_scale: SCALE,
    products: 1,
    sites: SITES.length,
    series: SERIES.length,
    horizon_s: 21_600,
    runs_issued: runs,
    runs_sealed: Math.max(0, runs - 2),
    runs_late: 1,
    champion: "site-6h/7",
    accuracy: kinds.flatMap((kind, i) => [
      { kind, model: "lstm", forecasts: 1200 + i, pinball_ratio: 0.031 + i * 0.004, coverage_90_ratio: 0.88 },
      {
        kind,
        model: "analogue",
        forecasts: 1200 + i,
        pinball_ratio: 0.042 + i * 0.0035,
        coverage_90_ratio: 0.91,
      },
    ]),
  };
}
