/** What the pages Accuracy, Models, Alerts, Assets and Pipeline compute from the services' answers. */
import { describe, expect, test } from "vitest";
import { PAGES } from "@/app-shell/pages";
import {
  against,
  moments,
  percentWithInterval,
  skillGrid,
  spanQuery,
  tint,
} from "@/features/accuracy/figures";
import type { Figured, SkillCell, TimelinePoint } from "@/features/accuracy/wire";
import { inOrder, momentOf } from "@/features/alerts/rules";
import type { InboxItem } from "@/features/alerts/wire";
import { assetRows, believedShare, changesOf, energyScale } from "@/features/assets/rows";
import type { Asset, AssetQuality } from "@/features/assets/wire";
import { clockTick, digitsFor } from "@/features/charts/ticks";
import { comparedMetrics, errorBins, featureRows, tookS, unitOf } from "@/features/models/tables";
import type { DriftState, Performance, Training } from "@/features/models/wire";
import { everyBucket, hopsOf, rate, wholeS } from "@/features/pipeline/hops";
import type { MessageHop, ReadingTrail, RunTrail } from "@/features/pipeline/wire";
import { upstreamOf } from "@/lib/upstream";
import { anAlert } from "./support/builders";

const NOON = Date.parse("2026-06-01T12:00:00Z");
const figure = (value: number, low: number | null, high: number | null): Figured => ({
  value,
  low,
  high,
  method: low === null ? "none" : "block_bootstrap",
});
const cell = (row: string, column: string, skill: number): SkillCell => ({
  row,
  column,
  forecasts: 10,
  blocks: 4,
  pinball_ratio: 0.1,
  baseline_ratio: 0.2,
  skill: figure(skill, skill - 0.1, skill + 0.1),
});

describe("accuracy", () => {
  test("a figure is said with what it may be by chance, and without where nobody knows", () => {
    expect(percentWithInterval(figure(0.123, 0.081, 0.16), "to")).toBe("12.3 % (8.1 to 16.0)");
    expect(percentWithInterval(figure(0.123, null, null), "to")).toBe("12.3 %");
    expect(percentWithInterval(null, "to")).toBe("—");
  });

  test("better or worse is only what chance does not explain", () => {
    expect(against(figure(0.1, 0.01, 0.2), 0)).toBe("better");
    expect(against(figure(-0.1, -0.2, -0.01), 0)).toBe("worse");
    expect(against(figure(0.1, -0.01, 0.2), 0)).toBe("open");
    expect(against(figure(0.1, null, null), 0)).toBe("open");
  });

  test("hours and horizons stand in the order of their numbers, and a cell that is not there is none", () => {
    const grid = skillGrid([cell("b", "10", 0.1), cell("a", "2", 0.2)]);
    expect(grid.columns).toEqual(["2", "10"]);
    expect(grid.rows).toEqual(["a", "b"]);
    expect(grid.at("a", "2")?.skill?.value).toBe(0.2);
    expect(grid.at("a", "10")).toBeUndefined();
  });

  test("a cell's color ends at half the loss saved, and at half more", () => {
    expect(tint(cell("a", "1", 0.25))).toBe(0.5);
    expect(tint(cell("a", "1", 0.9))).toBe(1);
    expect(tint(cell("a", "1", -3))).toBe(-1);
  });

  test("means of several models are weighted by their forecasts", () => {
    const point = (model: string, forecasts: number, pinball_ratio: number): TimelinePoint => ({
      period_start: "2026-06-01T12:00:00Z",
      kind: "wind",
      model,
      forecasts,
      pinball_ratio,
      baseline_ratio: 0.4,
      coverage_90_ratio: null,
    });
    const [one, ...rest] = moments([point("a", 3, 0.1), point("b", 1, 0.5)]);
    expect(rest).toEqual([]);
    expect(one).toMatchObject({ ms: NOON, forecasts: 4, baseline: 0.4 });
    expect(one?.served).toBeCloseTo(0.2);
  });

  test("the span keeps its address for a quarter of an hour, and ends at as_at", () => {
    expect(spanQuery("PT24H", null, NOON + 1)).toBe(spanQuery("PT24H", null, NOON + 800_000));
    expect(spanQuery("P2D", "2026-06-01T12:00:00Z", NOON + 9e9)).toBe(
      "since=2026-05-30T12:00:00.000Z&as_at=2026-06-01T12%3A00%3A00Z",
    );
  });
});

describe("models", () => {
  const outcome = (actual: number, predicted: number) => ({
    period_start: "2026-06-01T12:00:00Z",
    actual,
    predicted,
    model: "lstm",
    rolling_mae: 1,
    rolling_periods: 1,
  });
  const performance = (unit: "W" | "MWh", largest: number): Performance => ({
    as_at: "2026-06-01T12:00:00Z",
    model: "m",
    unit,
    series_id: "a/b",
    series: [],
    rolling_s: 604_800,
    items: [outcome(largest, 0)],
    mae: 1,
    rmse: 1,
    bias: 1,
    errors: { edges: [-1_000, 0, 2_000], counts: [3, 4] },
  });

  test("power takes the unit of the largest value, energy stays MWh", () => {
    const scale = unitOf(performance("W", 1_600_000));
    expect(scale.unit).toBe("MW");
    expect(1_600_000 * scale.factor).toBeCloseTo(1.6);
    expect(unitOf(performance("MWh", 95_000))).toEqual({ factor: 1, unit: "MWh", digits: 1 });
  });

  test("bins carry the unit of the picture", () => {
    expect(errorBins(performance("W", 1), 1e-3)).toEqual([
      { from: -1, to: 0, count: 3 },
      { from: 0, to: 2, count: 4 },
    ]);
  });

  test("drifted features come first, then by how far they moved; what was not judged says why", () => {
    const drift: DriftState = {
      threshold_ratio: 0.3,
      items: [],
      features: {
        calm: { drifted: false, psi: 0.9 },
        wild: { drifted: true, psi: 0.3 },
        odd: { unjudged: "few rows" },
      },
    };
    expect(featureRows(drift).map((row) => [row.name, row.drifted, row.unjudged])).toEqual([
      ["wild", true, ""],
      ["calm", false, ""],
      ["odd", false, "few rows"],
    ]);
  });

  test("compared are the figures that a reader looks for, as far as trainings have them", () => {
    const training = (metrics: Record<string, number>) => ({ metrics }) as Training;
    expect(comparedMetrics([training({ zeta: 1, seconds: 2, mae: 3 }), training({ zeta: 1 })], 2)).toEqual([
      "mae",
      "seconds",
    ]);
  });

  test("a training took what it says itself, since its record may be written at its end", () => {
    const at = (seconds: number) => new Date(NOON + seconds * 1_000).toISOString();
    const training = (metrics: Record<string, number>, ended: number | null) =>
      ({ metrics, started_at: at(0), ended_at: ended === null ? null : at(ended) }) as Training;
    expect(tookS(training({ seconds: 415.6 }, 1))).toBe(415.6);
    expect(tookS(training({}, 90))).toBe(90);
    expect(tookS(training({}, null))).toBeNull();
  });
});

describe("alerts", () => {
  const item = (more: Parameters<typeof anAlert>[0]): InboxItem => ({
    alert: anAlert(more),
    state: "open",
    until: null,
    came_back: false,
    last: null,
    actions: 0,
    allowed: ["acknowledge"],
  });

  test("the most severe stands first, within a severity the newest", () => {
    const items = [
      item({ alert_id: "old", severity: "warning", raised_at: "2026-06-01T10:00:00Z" }),
      item({ alert_id: "note", severity: "info", raised_at: "2026-06-01T12:00:00Z" }),
      item({ alert_id: "new", severity: "warning", raised_at: "2026-06-01T11:00:00Z" }),
      item({ alert_id: "bad", severity: "critical", raised_at: "2026-06-01T09:00:00Z" }),
    ];
    expect(inOrder(items).map((one) => one.alert.alert_id)).toEqual(["bad", "new", "old", "note"]);
  });

  test("the link opens the series around the period; a device opens its site", () => {
    const about = new URL(momentOf(item({ subject: "farm/wind" })), "http://here");
    expect(Object.fromEntries(about.searchParams)).toEqual({
      site: "farm",
      series: "farm/wind",
      from: "2026-06-01T10:00:00.000Z",
      to: "2026-06-01T14:15:00.000Z",
    });
    expect(momentOf(item({ subject: "farm-turbine-1" }))).not.toContain("series");
  });
});

describe("assets", () => {
  const asset: Asset = {
    asset_id: "a",
    site_id: "home",
    device_id: "a",
    name: "Roof",
    asset_type: "pv",
    telemetry_class: "solar",
    quantities: [],
    native_period_s: 900,
    rating_w: 4_000,
    energy_wh: null,
    simulated: false,
  };
  const quality = (more: Partial<AssetQuality>): AssetQuality => ({
    asset_id: "a",
    device_id: "a",
    site_id: "home",
    readings: 90,
    suspect: 0,
    bad: 0,
    refused: {},
    hits: {},
    newest_reading_end: null,
    newest_stored_at: null,
    series_id: null,
    today_start: null,
    energy_today_wh: null,
    ...more,
  });

  test("what was refused counts against a device, and a silent one has no share", () => {
    expect(believedShare(quality({ suspect: 5, bad: 5, refused: { range: 10 } }))).toBe(0.8);
    expect(believedShare(quality({ readings: 0 }))).toBeNull();
  });

  test("an asset that nothing is known of still has its row", () => {
    const [row] = assetRows([asset], [], [], new Map([["home", "Home"]]));
    expect(row).toMatchObject({ siteName: "Home", performance: null, quality: null, believed: null });
  });

  test("a form sends what differs, and nothing that is no number", () => {
    const same = { name: "Roof", rating_w: "4000", energy_wh: "" };
    expect(changesOf(asset, same)).toEqual({});
    expect(changesOf(asset, { ...same, name: " South ", rating_w: "" })).toEqual({
      name: "South",
      rating_w: null,
    });
    expect(changesOf(asset, { ...same, rating_w: "4 kW" })).toBeUndefined();
    expect(changesOf(asset, { ...same, name: " " })).toBeUndefined();
  });

  test("energy takes the unit that fits", () => {
    expect([12, 1_200, 2_500_000].map((wh) => energyScale(wh).unit)).toEqual(["Wh", "kWh", "MWh"]);
  });
});

describe("pipeline", () => {
  const stream: ReadingTrail = {
    reading: {
      device_id: "pv",
      quantity: "active_power",
      period_start: "2026-06-01T12:00:00Z",
      period_s: 900,
      value_milli: 1,
      quality: "good",
      sent_at_ms: NOON,
      stored_at: "2026-06-01T12:00:00.400Z",
    },
    batch: null,
    windows: [
      {
        width_s: 3_600,
        window_start: "2026-06-01T12:00:00Z",
        version: 1,
        updated_at: "2026-06-01T12:00:00.350Z",
      },
    ],
  };
  const message: MessageHop = {
    boot_id: "b",
    seq: 7,
    topic: "telemetry.solar",
    partition: 1,
    offset: 9,
    received_at: "2026-06-01T12:00:00.100Z",
    written_at: "2026-06-01T12:00:00.150Z",
    traceparent: "",
  };
  const run = {
    run_id: "r",
    product_id: "p",
    slot_domain: "2026-06-01T13:00:00Z",
    issued_domain: "2026-06-01T13:01:00Z",
    recorded_at: "2026-06-01T12:00:20Z",
    model_name: "m",
    model_version: "1",
    published_at: null,
    job_sent_at: "2026-06-01T12:00:10Z",
    seal_state: null,
    block_number: null,
    block_time_domain: null,
    seal_known_at: null,
  } as RunTrail;

  test("each hop says how long after the one before that is known", () => {
    const hops = hopsOf(stream, message, run, 3_600);
    expect(hops.map((hop) => [hop.key, hop.afterS])).toEqual([
      ["device", null],
      ["gateway", 0.1],
      ["kafka", 0.05],
      ["batch", null],
      ["window", 0.2],
      ["store", 0.05],
      ["job", 9.6],
      ["run", 10],
      ["published", null],
      ["block", null],
      ["known", null],
    ]);
    expect(wholeS(hops)).toBe(20);
  });

  test("hops that nobody kept are not known, never zero", () => {
    const hops = hopsOf(stream, null, null, 900);
    expect(hops.filter((hop) => hop.wallMs !== null).map((hop) => hop.key)).toEqual(["device", "store"]);
    expect(hops.find((hop) => hop.key === "store")?.afterS).toBe(0.4);
  });

  test("a rate needs two looks at a counter that only grows", () => {
    expect(rate(null, { value: 5, atMs: 0 })).toBeNull();
    expect(rate({ value: 5, atMs: 0 }, { value: 25, atMs: 2_000 })).toBe(10);
    expect(rate({ value: 5, atMs: 0 }, { value: 2, atMs: 2_000 })).toBeNull();
  });

  test("a minute in which nothing was stored is there, as zero", () => {
    const items = [
      { at: "2026-06-01T12:00:00Z", n: 1 },
      { at: "2026-06-01T12:02:00Z", n: 2 },
    ];
    expect(everyBucket(items, 60, (at) => ({ at, n: 0 })).map((one) => one.n)).toEqual([1, 0, 2]);
    expect(everyBucket([], 60, (at) => ({ at }))).toEqual([]);
  });
});

test("axes name the day where it begins, else the hour", () => {
  expect(clockTick(NOON, 3_600_000)).toBe("12:00");
  expect(clockTick(NOON + 30_000, 600_000)).toBe("");
  expect(clockTick(NOON, 8 * 86_400_000)).toBe("12:00");
  expect(clockTick(NOON - 12 * 3_600_000, 8 * 86_400_000)).toBe("Mon 1 Jun");
  expect([250, 25, 2.5, 0.25, 0.025].map(digitsFor)).toEqual([0, 1, 2, 3, 4]);
});

test("all five pages are ready, and their routes have a service", () => {
  for (const key of ["alerts", "assets", "accuracy", "models", "pipeline"])
    expect(PAGES.find((page) => page.key === key)?.ready).toBe(true);
  for (const family of ["accuracy", "models", "drift", "trails", "gateway", "stream", "alerts", "assets"])
    expect(upstreamOf(["v1", family], {})).not.toBeNull();
});
