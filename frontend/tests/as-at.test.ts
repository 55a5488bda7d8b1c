/** What was believed when: the fan of a moment, the changes since, and how stable the view was. */
import { describe, expect, test } from "vitest";
import { changesOf, fanOf, quantileOf, runsById, stabilityOf } from "@/features/as-at/belief";
import { addressOf, askedFrom, fromPicker, minute, nineOf, pickerValue } from "@/features/as-at/moment";
import { planeOf, ticks, withZero } from "@/features/as-at/plot";
import type { BeliefsAt, RunMark } from "@/features/as-at/wire";
import { aPoint, aSeal, LEVELS, SLOT } from "./support/builders";

const at = (time: string) => `2026-06-01T${time}:00Z`;

function aRun(run_id: string, more: Partial<RunMark> = {}): RunMark {
  return {
    run_id,
    product_id: "site-6h",
    slot: SLOT,
    version: 1,
    issued_at: SLOT,
    recorded_at: SLOT,
    delivery_start: at("12:15"),
    gate_closure: at("12:15"),
    levels_bps: LEVELS,
    model: "lstm",
    model_version: "3",
    rung: 0,
    data_age_s: 0,
    seal: aSeal(),
    ...more,
  };
}

const said = (time: string, run_id: string, median: number) => ({ ...aPoint(at(time), median), run_id });

function beliefs(more: Partial<BeliefsAt> = {}): BeliefsAt {
  return {
    as_at: at("12:05"),
    series_id: "farm/wind",
    site_id: "farm",
    name: "Farm",
    kind: "wind",
    unit: "W",
    capacity_w: 4000,
    resolution_s: 900,
    product_id: "site-6h",
    beliefs: [
      {
        as_at: at("12:05"),
        before_s: 0,
        points: [
          said("12:00", "old", 900_000),
          said("12:15", "new", 1_000_000),
          said("12:30", "new", 2_000_000),
        ],
      },
      {
        as_at: at("11:05"),
        before_s: 3600,
        points: [said("12:15", "old", 1_060_000), said("12:30", "old", 1_500_000)],
      },
      { as_at: at("08:05"), before_s: 14_400, points: [] },
    ],
    runs: [aRun("old"), aRun("new")],
    actuals: [{ period_start: at("11:45"), mean_milli: 1, complete: true, version: 1 }],
    attribution: "",
    ...more,
  };
}

describe("the fan of a moment", () => {
  test("the newest run stands on its own, what earlier ones said before it", () => {
    const fan = fanOf(beliefs(), Date.parse(at("20:00")));
    expect(fan?.data.runFrom).toBe(fan?.data.starts.indexOf(Date.parse(at("12:15")) / 1000));
    expect(fan?.data.median[(fan?.data.runFrom ?? 0) - 1]).toBe(900_000);
  });

  test("what was measured hours ago is settled although the moment was then", () => {
    const settled = fanOf(beliefs(), Date.parse(at("20:00")));
    const fresh = fanOf(beliefs(), Date.parse(at("12:05")));
    const index = settled?.data.starts.indexOf(Date.parse(at("11:45")) / 1000) ?? -1;
    expect([settled?.data.provisional[index], fresh?.data.provisional[index]]).toEqual([false, true]);
  });

  test("a run of other levels is not mixed in", () => {
    const other = aRun("old", { levels_bps: [1000, 5000, 9000] });
    const fan = fanOf(beliefs({ runs: [other, aRun("new")] }), 0);
    expect(fan?.data.median[(fan?.data.runFrom ?? 0) - 1]).toBeNull();
  });

  test("nothing issued by then is no fan", () => {
    expect(fanOf(beliefs({ beliefs: [{ as_at: at("12:05"), before_s: 0, points: [] }] }), 0)).toBeNull();
  });

  test("a quantile is read in the levels of its own run", () => {
    const runs = runsById(beliefs({ runs: [aRun("old", { levels_bps: [5000, 9000] })] }));
    expect(quantileOf({ target_start: at("12:00"), run_id: "old", values_milli: [7, 8] }, runs, 9000)).toBe(
      8,
    );
    expect(
      quantileOf({ target_start: at("12:00"), run_id: "gone", values_milli: [7] }, runs, 5000),
    ).toBeNull();
  });
});

describe("changes", () => {
  test("only periods after the moment, each against each earlier moment", () => {
    expect(changesOf(beliefs()).map(({ medianMilli, changes }) => [medianMilli, ...changes])).toEqual([
      [1_000_000, -60_000, null],
      [2_000_000, 500_000, null],
    ]);
  });

  test("stability counts shared periods, and those inside of what half was said to lie in", () => {
    const [hour, four] = stabilityOf(beliefs());
    expect(hour).toMatchObject({ periods: 2, meanMilli: 220_000, meanAbsMilli: 280_000, insideRatio: 0.5 });
    expect(hour?.largest).toEqual({ targetMs: Date.parse(at("12:30")), milli: 500_000 });
    expect(hour?.run?.run_id).toBe("old");
    expect(four).toMatchObject({ periods: 0, meanMilli: null, insideRatio: null, run: null });
  });
});

describe("the moment", () => {
  const now = Date.parse(at("12:05"));

  test("stands in the address in whole minutes, with the wall display kept", () => {
    const asked = { series: "farm/wind", atMs: now + 30_000, targetMs: null };
    const address = addressOf(asked, new URLSearchParams("wall=1&x=2"));
    expect(address).toBe("?series=farm/wind&at=2026-06-01T12:05Z&wall=1");
    expect(askedFrom(new URLSearchParams(address))).toEqual({ ...asked, atMs: now });
    expect(askedFrom(new URLSearchParams("at=nonsense")).atMs).toBeNull();
  });

  test("the picker is UTC both ways", () => {
    expect(fromPicker(pickerValue(now))).toBe(now);
    expect(fromPicker("")).toBeNull();
    expect(minute(now)).toBe("2026-06-01T12:05Z");
  });

  test("09:00 is of the moment's day, and of the day before when it has not come", () => {
    expect(nineOf(now, now)).toBe(Date.parse(at("09:00")));
    expect(nineOf(Date.parse(at("07:00")), Date.parse(at("07:00")))).toBe(Date.parse("2026-05-31T09:00:00Z"));
  });
});

describe("axes", () => {
  test("are marked at round values", () => {
    expect(ticks([-1.2, 2.4], 4)).toEqual([-1, 0, 1, 2]);
    expect(ticks([0, 0], 4)).toEqual([0]);
  });

  test("hold zero, and up is more", () => {
    expect(withZero([3, 5])[0]).toBe(0);
    expect(withZero([-4, -2])[1]).toBe(0);
    const plane = planeOf({ width: 200, height: 100 }, [0, 10], [0, 1]);
    expect(plane.y(1)).toBeLessThan(plane.y(0));
    expect(plane.x(10)).toBe(plane.right);
  });
});
