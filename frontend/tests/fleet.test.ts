/** Where sites are drawn, without a browser. */
import { describe, expect, test } from "vitest";
import { discWords } from "@/features/fleet/fleet-map";
import { AREAS } from "@/features/fleet/outlines";
import { areaOf, project, sheetsOf, spread } from "@/features/fleet/places";
import { siteRows } from "@/features/sites/site-rows";
import { EMPTY, takeForecasts } from "@/lib/live-state";
import { liveWords } from "@/words/live";
import { aSite, aView } from "./support/builders";

const NOW = Date.parse("2026-06-01T12:05:00Z");
const france = { latitude: 48.45, longitude: 5.59 };
const fontana = { latitude: 34.09, longitude: -117.43 };

describe("the map", () => {
  test("a site lies on the sheet of its area, and one without a place on none", () => {
    expect(areaOf(aSite("farm", france))?.key).toBe("europe");
    expect(areaOf(aSite("home", fontana))?.key).toBe("america");
    expect(areaOf(aSite("nowhere"))).toBeUndefined();
    expect(areaOf(aSite("sea", { latitude: 0, longitude: 0 }))).toBeUndefined();
  });

  test("north is up, east is right, and the corners of the area are the corners of the sheet", () => {
    const [area] = AREAS;
    if (!area) throw new Error("no area");
    const { height, place } = project(area, 400);
    expect(place(area.west, area.north)).toEqual([0, 0]);
    expect(place(area.east, area.south)[0]).toBeCloseTo(400);
    expect(place(area.east, area.south)[1]).toBeCloseTo(height);
  });

  test("sites at one place do not cover each other", () => {
    const places = Array.from({ length: 17 }, (_, i) => spread(i, 8));
    for (const [i, [ax, ay]] of places.entries())
      for (const [bx, by] of places.slice(i + 1)) expect(Math.hypot(ax - bx, ay - by)).toBeGreaterThan(14);
  });

  test("every outline stays inside of its sheet, near enough", () => {
    for (const area of AREAS)
      for (const [lon, lat] of area.outlines.flat()) {
        expect(lon).toBeGreaterThan(area.west - 1);
        expect(lon).toBeLessThan(area.east + 1);
        expect(lat).toBeGreaterThan(area.south - 1);
        expect(lat).toBeLessThan(area.north + 1);
      }
  });

  test("only areas with sites have a sheet, and a disc says its number in words", () => {
    const sites = [aSite("farm", france)];
    const rows = siteRows(sites, [], takeForecasts(EMPTY, [aView()]), NOW);
    const sheets = sheetsOf(sites, rows, 400, 8);
    expect(sheets.map((sheet) => [sheet.area.key, sheet.spots.length])).toEqual([["europe", 1]]);
    const [row] = rows;
    expect(row && discWords(row, liveWords.en.list)).toBe("farm: 900 W, 23 % of 4.00 kW");
  });
});
