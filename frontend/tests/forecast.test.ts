/** What the chart draws and says, without a browser. */
import { describe, expect, test } from "vitest";
import { moverFor } from "@/features/forecast/fan-brush";
import { fanColumns, fanRows } from "@/features/forecast/fan-columns";
import { bandPairs, fanData, indexAt, meanAhead, reasonOf } from "@/features/forecast/fan-data";
import { stretches } from "@/features/forecast/fan-parts";
import { clampRange, fanPicture } from "@/features/forecast/fan-picture";
import { belowInWords } from "@/features/forecast/period-tip";
import { marginS, sealSaid } from "@/features/seals/seal-state";
import { isStale, primaryOf, searchRows, siteRows } from "@/features/sites/site-rows";
import { scoresByKind } from "@/features/summary/accuracy";
import { EMPTY, takeForecasts } from "@/lib/live-state";
import { scaleFor } from "@/lib/units";
import { liveWords } from "@/words/live";
import { anAlert, aPoint, aSeal, aSeries, aSite, aView, LEVELS } from "./support/builders";

const { en, de } = liveWords;
const NOW = Date.parse("2026-06-01T12:05:00Z");
const at = (time: string) => Date.parse(`2026-06-01T${time}:00Z`) / 1000;
const actual = (time: string, mean_milli: number, complete = true) => ({
  period_start: `2026-06-01T${time}:00Z`,
  mean_milli,
  complete,
  version: 1,
});

describe("the fan", () => {
  test("bands are the symmetric pairs, widest first", () => {
    expect(bandPairs(LEVELS).map((pair) => pair.share)).toEqual([9000, 8000, 5000]);
    expect(bandPairs([1000, 5000, 8000])).toEqual([]);
  });

  test("a missing period is null in the line and shaded, never zero", () => {
    const view = aView({
      actuals: [actual("10:15", 1), actual("10:30", 2), actual("11:15", 3), actual("11:30", 4)],
    });
    const data = fanData(view, [], { nowMs: NOW, backHours: 2 });
    const index = data.starts.indexOf(at("10:45"));
    expect(data.actual.slice(index, index + 2)).toEqual([null, null]);
    expect(data.gaps).toContainEqual({ fromS: at("10:45"), toS: at("11:15") });
  });

  test("a period that may still arrive is no gap", () => {
    const data = fanData(aView({ actuals: [actual("11:30", 1)] }), [], { nowMs: NOW, backHours: 1 });
    expect(data.gaps.every((gap) => gap.toS <= at("11:30"))).toBe(true);
  });

  test("an incomplete window is marked", () => {
    const view = aView({ actuals: [actual("11:30", 1, false), actual("11:45", 2)] });
    const data = fanData(view, [], { nowMs: NOW, backHours: 1 });
    expect(data.incomplete[data.starts.indexOf(at("11:30"))]).toBe(true);
    expect(data.incomplete[data.starts.indexOf(at("11:45"))]).toBe(false);
  });

  test("what was measured lately is provisional, and settled once late readings have had their time", () => {
    const view = aView({ actuals: [actual("09:30", 1), actual("11:30", 2)] });
    const data = fanData(view, [], { nowMs: NOW, backHours: 3 });
    expect(data.provisional[data.starts.indexOf(at("09:30"))]).toBe(false);
    expect(data.provisional[data.starts.indexOf(at("11:30"))]).toBe(true);
    expect(data.provisional[data.starts.indexOf(at("10:30"))]).toBe(false);
  });

  test("a gap says what an alert of that time said, and of another series nothing", () => {
    const gap = { fromS: at("12:00"), toS: at("12:30") };
    expect(reasonOf(gap, "farm/wind", [anAlert()])).toBe("Value does not change");
    expect(reasonOf(gap, "farm/other", [anAlert()])).toBeNull();
    expect(reasonOf({ fromS: at("12:15"), toS: at("12:30") }, "farm/wind", [anAlert()])).toBeNull();
  });

  test("a moment belongs to the period that began last", () => {
    const data = fanData(aView(), [], { nowMs: NOW, backHours: 1 });
    expect(indexAt(data, at("12:15") + 899)).toBe(data.starts.indexOf(at("12:15")));
    expect(indexAt(data, at("12:45"))).toBeNull();
    expect(indexAt(data, 0)).toBeNull();
  });

  test("what earlier runs said stands before the run, and the run wins where both speak", () => {
    const earlier = [aPoint("2026-06-01T12:00:00Z", 7_000_000), aPoint("2026-06-01T12:15:00Z", 9_000_000)];
    const data = fanData(aView(), earlier, { nowMs: NOW, backHours: 1 });
    expect(data.runFrom).toBe(data.starts.indexOf(at("12:15")));
    expect(data.median[data.runFrom - 1]).toBe(7_000_000);
    expect(data.median[data.runFrom]).toBe(1_000_000);
  });

  test("the last start is the end of the last period and carries nothing", () => {
    const data = fanData(aView(), [], { nowMs: NOW, backHours: 1 });
    expect(data.starts.at(-1)).toBe(at("12:45"));
    expect(data.median.at(-1)).toBeNull();
  });

  test("stretches break at every null", () => {
    expect(stretches([1, 2, null, 3, null, null, 4])).toEqual([
      { from: 0, to: 2 },
      { from: 3, to: 4 },
      { from: 6, to: 7 },
    ]);
  });

  test("the next hour weighs each period by its share of the hour", () => {
    expect(meanAhead(aView(), 5000, Date.parse("2026-06-01T12:20:00Z"))).toBeCloseTo(1_600_000);
    expect(meanAhead(aView(), 5000, Date.parse("2026-06-02T12:00:00Z"))).toBeNull();
  });
});

describe("a range of the picture", () => {
  const data = fanData(aView(), [], { nowMs: NOW, backHours: 1 });
  const [first, last] = [data.starts[0] ?? 0, data.starts.at(-1) ?? 0];

  test("stays inside of what there is, one period wide at least, and all of it is no range", () => {
    expect(clampRange({ fromS: first - 9_000, toS: last }, data)).toBeNull();
    expect(clampRange({ fromS: first + 60, toS: first + 61 }, data)).toEqual({
      fromS: first + 60,
      toS: first + 960,
    });
    expect(clampRange({ fromS: last - 100, toS: last + 800 }, data)).toEqual({
      fromS: last - 900,
      toS: last,
    });
  });

  test("a drag moves an edge, the window, or draws a new one", () => {
    const shown = { fromS: 100, toS: 200 };
    expect(moverFor(101, shown, 5, true)(50)).toEqual({ fromS: 50, toS: 200 });
    expect(moverFor(199, shown, 5, true)(300)).toEqual({ fromS: 100, toS: 300 });
    expect(moverFor(150, shown, 5, true)(160)).toEqual({ fromS: 110, toS: 210 });
    expect(moverFor(300, shown, 5, true)(250)).toEqual({ fromS: 250, toS: 300 });
    expect(moverFor(150, shown, 5, false)(120)).toEqual({ fromS: 120, toS: 150 });
  });

  test("goes along as a file: UTC, local, what was measured and how sure that is, every level", () => {
    const view = aView({ actuals: [actual("09:30", 2_500), actual("11:30", 4_000, false)] });
    const source = { view, earlier: [], alerts: [], nowMs: NOW, backHours: 3, zone: "Europe/Paris" };
    const picture = fanPicture({ ...source, words: en.chart });
    const rows = fanRows(picture.data, at("09:30"), at("09:45"));
    const line = Object.fromEntries(
      fanColumns(picture, LEVELS).map((one) => [one.key, rows[0] && one.value(rows[0])]),
    );
    expect(rows).toHaveLength(1);
    expect(line).toMatchObject({
      period_start: "2026-06-01T09:30:00Z",
      period: "PT15M",
      measured_w: 2.5,
      measured_state: "settled",
      quantile_0_9_w: null,
    });
    expect(line.period_start_local).toMatch(/11:30 Europe\/Paris$/);
  });
});

describe("words", () => {
  test("German says the same", () => {
    expect([500, 5000, 9000].map(de.levels.below)).toEqual([
      "in 1 von 20 Fällen darunter",
      "in der Hälfte der Fälle darunter",
      "in 9 von 10 Fällen darunter",
    ]);
    expect(de.levels.inside(8000)).toBe("8 von 10 Fällen");
  });

  test("levels and bands are said, not coded", () => {
    expect(LEVELS.map(en.levels.below)).toEqual([
      "1 of 20 outcomes below",
      "1 of 10 outcomes below",
      "1 of 4 outcomes below",
      "half of the outcomes below",
      "3 of 4 outcomes below",
      "9 of 10 outcomes below",
      "19 of 20 outcomes below",
    ]);
    expect([9000, 8000, 5000].map(en.levels.inside)).toEqual([
      "9 of 10 outcomes",
      "8 of 10 outcomes",
      "half of the outcomes",
    ]);
  });

  test("a level comes with its value and unit", () => {
    const point = aPoint("2026-06-01T12:15:00Z", 42_000_000, 1_000_000);
    expect(belowInWords(point, LEVELS, 9000, scaleFor("W", 42_000_000), en.levels)).toBe(
      "9 of 10 outcomes below 44.0 kW",
    );
    expect(belowInWords(point, LEVELS, 9900, scaleFor("W", 1), en.levels)).toBeNull();
  });
});

describe("seals", () => {
  test("only a seal in a block before the gate is called sealed", () => {
    expect(sealSaid(aSeal(), en.seal).short).toBe("Sealed");
    expect(sealSaid(aSeal({ state: "late" }), en.seal).tone).toBe("warn");
    expect(sealSaid(aSeal({ state: "failed" }), en.seal).tone).toBe("bad");
    expect(sealSaid(null, en.seal).short).toBe("Pending");
  });

  test("the margin is counted from the block to the gate", () => {
    expect(marginS(aSeal(), "2026-06-01T12:15:00Z")).toBe(840);
    expect(marginS(aSeal({ block_time: null }), "2026-06-01T12:15:00Z")).toBeNull();
  });
});

describe("the list of sites", () => {
  const live = takeForecasts(EMPTY, [aView(), aView({ series_id: "farm/turbine", name: "T1" })]);

  test("the catalog says which series stands for the site", () => {
    const catalog = [aSeries("farm/wind"), aSeries("farm/turbine", { primary: true })];
    expect(primaryOf("farm", catalog, Object.values(live.series))?.series_id).toBe("farm/turbine");
  });

  test("a site without a forecast is listed with nothing made up", () => {
    const [row] = siteRows([aSite("empty")], [], EMPTY, NOW);
    expect(row).toMatchObject({ primary: null, now: null, nextHourMilli: null, load: null, seal: null });
  });

  test("sites are there without the catalog", () => {
    expect(siteRows([], [], live, NOW).map((row) => row.siteId)).toEqual(["farm"]);
  });

  test("homes come in the order of their numbers, plants first", () => {
    const sites = ["home-10", "home-2", "plant"].map((id) => aSite(id));
    const catalog = [
      aSeries("plant/all", { capacity_w: 8_000_000 }),
      aSeries("home-2/net", { capacity_w: 9_000 }),
    ];
    expect(siteRows(sites, catalog, EMPTY, NOW).map((row) => row.siteId)).toEqual([
      "plant",
      "home-2",
      "home-10",
    ]);
  });

  test("an old forecast is called old", () => {
    const fresh = siteRows([], [], live, NOW)[0];
    const old = siteRows([], [], live, NOW + 3 * 3_600_000)[0];
    expect([fresh?.stale, old?.stale]).toEqual([false, true]);
  });

  test("a forecast of the next day is old only when the next one is missing", () => {
    const issued = Date.parse("2026-06-01T08:00:00Z");
    const points = Array.from({ length: 24 }, () => aPoint("2026-06-01T22:00:00Z"));
    const view = aView({
      resolution_s: 3600,
      issued_at: "2026-06-01T08:00:00Z",
      delivery_start: "2026-06-01T22:00:00Z",
      points,
    });
    const hour = 3_600_000;
    expect([20, 26, 27].map((hours) => isStale(view, issued + hours * hour, 3600))).toEqual([
      false,
      false,
      true,
    ]);
  });

  test("search finds by any part, all words needed", () => {
    const rows = siteRows([aSite("home-01"), aSite("home-02", { region_id: "gb" })], [], EMPTY, NOW);
    expect(searchRows(rows, "home gb").map((row) => row.siteId)).toEqual(["home-02"]);
  });
});

test("accuracy compares what was served with the baseline, per kind", () => {
  const entry = (model: string, pinball_ratio: number, forecasts = 10) => ({
    kind: "wind",
    model,
    forecasts,
    pinball_ratio,
    coverage_90_ratio: null,
  });
  expect(scoresByKind([entry("lstm", 0.03), entry("analogue", 0.04)])[0]?.gain).toBeCloseTo(0.25);
  const mixed = [entry("lstm", 0.03), entry("reference", 0.01, 30), entry("analogue", 0.03, 40)];
  expect(scoresByKind(mixed)[0]?.served).toMatchObject({ forecasts: 40, pinball_ratio: 0.015 });
  expect(scoresByKind([entry("analogue", 0.04)])[0]).toMatchObject({ served: null, gain: null });
  expect(scoresByKind([entry("lstm", 0.03), entry("analogue", 0.04, 0)])[0]?.gain).toBeNull();
  expect(scoresByKind([entry("lstm", 0), entry("analogue", 0.0004)])[0]?.gain).toBeNull();
});
