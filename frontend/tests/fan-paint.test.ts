/** How much of a fan is painted, and that nothing is lost by painting less. */
import { describe, expect, test } from "vitest";
import type { FanData } from "@/features/forecast/fan-data";
import { writeFan } from "@/features/forecast/fan-dense";
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

const ACTUAL = 0xff000001;

/** The columns of a sheet in which measured values stand, each with its first and last row. */
function written(values: (number | null)[], width: number) {
  const data = aFan(values);
  const height = 1000;
  const sheet = { width, height, words: new Uint32Array(width * height) };
  const place = { first: 0, perPixel: values.length / width };
  const grid = { place, ratio: 1, row: (milli: number) => height - milli };
  writeFan(sheet, grid, data, { from: 0, to: values.length }, { fan: 2, actual: 1 });
  const columns = Array.from({ length: width }, (_, x) => {
    const rows = Array.from({ length: height }, (_, y) => y).filter(
      (y) => sheet.words[y * width + x] === ACTUAL,
    );
    return rows.length > 0 ? { x, top: rows[0] ?? 0, bottom: rows.at(-1) ?? 0 } : null;
  });
  return { sheet, columns: columns.filter((column) => column !== null) };
}

/** How many places paths led to on a canvas that paints nothing. */
function places(data: FanData, fromS: number, toS: number, width: number): number {
  let count = 0;
  const counted = {
    lineTo: () => {
      count += 1;
    },
  };
  const canvas = new Proxy(counted, { get: (own, key) => Reflect.get(own, key) ?? (() => undefined) });
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
  return count;
}

describe("periods that share a pixel", () => {
  const values = Array.from({ length: 10_000 }, (_, i) => (i === 4_321 ? 900 : 100 + (i % 7)));

  test("stand in every pixel, and the one peak among them is there", () => {
    const { columns } = written(values, 500);
    expect(columns).toHaveLength(500);
    expect(columns.filter(({ top }) => top <= 100).map(({ x }) => x)).toEqual([216]);
  });

  test("leave their pixel empty where none has a value, and the line is not led across", () => {
    const { columns, sheet } = written(
      values.map((value, i) => (i >= 2_000 && i < 4_000 ? null : value)),
      500,
    );
    const at = columns.map(({ x }) => x);
    expect(at.some((x) => x >= 100 && x < 200)).toBe(false);
    expect([at.includes(99), at.includes(200)]).toEqual([true, true]);
    expect(
      Array.from({ length: 1000 }, (_, y) => sheet.words[y * 500 + 150]).every((word) => word === 0),
    ).toBe(true);
  });

  test("each pixel of a line touches the one before it", () => {
    const { columns } = written(
      values.map((_, i) => (i < 5_000 ? 100 : 800)),
      500,
    );
    const apart = columns.filter(({ top, bottom }, i) => {
      const before = columns[i - 1];
      return before && (top > before.bottom + 1 || bottom < before.top - 1);
    });
    expect(apart).toEqual([]);
  });

  test("a band is filled from its least to its most, paler than its median", () => {
    const { sheet } = written(values, 500);
    const alpha = (row: number) => (sheet.words[row * 500] ?? 0) >>> 24;
    expect(alpha(1000 - 109)).toBe(Math.round(0.18 * 0.55 * 255));
    expect(alpha(1000 - 120)).toBe(0);
  });
});

describe("periods that can be told apart", () => {
  test("are steps, and only those that are seen are painted", () => {
    const data = aFan(Array.from({ length: 10_000 }, (_, i) => i));
    expect(places(data, 5_000, 5_500, 500)).toBe(51 * 2 * 4 + 1); // band there and back, median, measured; and the line of now
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
