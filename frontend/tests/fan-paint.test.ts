/** How much of a fan is painted, and that nothing is lost by painting less. */
import { describe, expect, test } from "vitest";
import type { FanData } from "@/features/forecast/fan-data";
import { type Plane, paintFan } from "@/features/forecast/fan-draw";
import { pixelsOf, within } from "@/features/forecast/fan-thin";

const THEME = { fan: "0,0,255", actual: "black", now: "", gate: "", gap: "", muted: "", font: "" };
const MARKS = { nowS: 0, gateS: null, gapLabels: [], gapWord: "" };

function aFan(values: (number | null)[]): FanData {
  const none = values.map(() => false);
  return {
    resolutionS: 10,
    starts: Array.from({ length: values.length + 1 }, (_, i) => i * 10),
    bands: [{ share: 8000, low: values.map((v) => v && v - 5), high: values.map((v) => v && v + 5) }],
    median: values,
    actual: values,
    incomplete: none,
    provisional: none,
    gaps: [],
    runFrom: values.length,
    points: [],
  };
}

/** Notes what a canvas was asked for: uprights by their color, and how many places paths led to. */
function painted(data: FanData, fromS: number, toS: number, width: number) {
  const rects: { color: string; x: number; top: number; bottom: number }[] = [];
  let places = 0;
  const ctx = {
    fillStyle: "",
    fillRect: (x: number, y: number, _: number, h: number) =>
      rects.push({ color: ctx.fillStyle, x, top: y, bottom: y + h }),
    lineTo: () => {
      places += 1;
    },
  };
  const canvas = new Proxy(ctx, { get: (own, key) => Reflect.get(own, key) ?? (() => undefined) });
  const plane: Plane = {
    ctx: canvas as unknown as CanvasRenderingContext2D,
    fromS,
    toS,
    x: (s) => ((s - fromS) / (toS - fromS)) * width,
    y: (milli) => 1000 - milli,
    box: { left: 0, top: 0, width, height: 1000 },
    ratio: 1,
  };
  paintFan(plane, data, THEME, MARKS);
  return { rects, places };
}

describe("periods that share a pixel", () => {
  const values = Array.from({ length: 10_000 }, (_, i) => (i === 4_321 ? 900 : 100 + (i % 7)));

  test("cost no more than the pixels, and the one peak among them is there", () => {
    const { rects, places } = painted(aFan(values), 0, 100_000, 500);
    const measured = rects.filter((rect) => rect.color === "black");
    expect(places).toBeLessThan(10); // the line of now
    expect(measured).toHaveLength(500);
    expect(Math.min(...measured.map((rect) => rect.top))).toBeLessThanOrEqual(100);
    expect(measured.find((rect) => rect.top <= 100)?.x).toBe(Math.floor(4_321 / 20));
  });

  test("leave their pixel empty where none has a value, and the line is not led across", () => {
    const holes = values.map((value, i) => (i >= 2_000 && i < 4_000 ? null : value));
    const { rects } = painted(aFan(holes), 0, 100_000, 500);
    const at = rects.map((rect) => rect.x);
    expect(at.some((x) => x >= 100 && x < 200)).toBe(false);
    expect(at).toContain(99);
    expect(at).toContain(200);
  });

  test("each pixel of a line touches the one before it", () => {
    const { rects } = painted(aFan(values.map((_, i) => (i < 5_000 ? 100 : 800))), 0, 100_000, 500);
    const black = rects.filter((rect) => rect.color === "black");
    const apart = black.filter((rect, i) => {
      const before = black[i - 1];
      return before && (rect.top > before.bottom || rect.bottom < before.top);
    });
    expect(apart).toEqual([]);
  });
});

describe("periods that can be told apart", () => {
  test("are steps, and only those that are seen are painted", () => {
    const data = aFan(Array.from({ length: 10_000 }, (_, i) => i));
    const { rects, places } = painted(data, 5_000, 5_500, 500);
    expect(rects).toEqual([]);
    expect(places).toBe(51 * 2 * 4 + 1); // band there and back, median, measured; and the line of now
  });
});

test("what is seen includes the period that began before", () => {
  const starts = [0, 10, 20, 30, 40];
  expect(within(starts, 15, 25)).toEqual({ from: 1, to: 3 });
  expect(within(starts, -5, 100)).toEqual({ from: 0, to: 4 });
  expect(within(starts, 100, 200)).toEqual({ from: 4, to: 4 });
});

test("a pixel holds the least and the most of its periods", () => {
  const pixels = pixelsOf(
    [1, 2, null, 4, 5],
    [6, 7, 8, null, 10],
    { from: 0, to: 5 },
    { first: 0, perPixel: 2 },
  );
  expect([...pixels.low]).toEqual([1, 4, 5]);
  expect([...pixels.high]).toEqual([7, 8, 10]);
});
