/** Where sites are drawn: projected, and spread apart where many share one place. */
import type { SiteRow } from "@/features/sites/site-rows";
import type { Site } from "@/lib/wire";
import { AREAS, type Area } from "./outlines";

export interface Spot {
  row: SiteRow;
  x: number;
  y: number;
}

export interface Sheet {
  area: Area;
  width: number;
  height: number;
  spots: Spot[];
  paths: string[];
}

const GOLDEN_ANGLE = Math.PI * (3 - Math.sqrt(5));

/** Equirectangular, true to scale at the middle of the area: enough for a sheet of a few thousand kilometers. */
export function project(
  area: Area,
  width: number,
): { height: number; place: (lon: number, lat: number) => [number, number] } {
  const squeeze = Math.cos((((area.south + area.north) / 2) * Math.PI) / 180);
  const unit = width / ((area.east - area.west) * squeeze);
  return {
    height: (area.north - area.south) * unit,
    place: (lon, lat) => [(lon - area.west) * squeeze * unit, (area.north - lat) * unit],
  };
}

/** Sites at one place become a little sunflower, the first in the middle. */
export function spread(index: number, radius: number): [number, number] {
  const out = radius * 2.1 * Math.sqrt(index);
  return [out * Math.cos(index * GOLDEN_ANGLE), out * Math.sin(index * GOLDEN_ANGLE)];
}

export function areaOf(site: Site): Area | undefined {
  const { longitude: lon, latitude: lat } = site;
  if (typeof lon !== "number" || typeof lat !== "number") return undefined;
  return AREAS.find((area) => lon >= area.west && lon <= area.east && lat >= area.south && lat <= area.north);
}

/** One sheet per area that has sites. */
export function sheetsOf(
  sites: readonly Site[],
  rows: readonly SiteRow[],
  width: number,
  radius: number,
): Sheet[] {
  const byId = new Map(rows.map((row) => [row.siteId, row]));
  return AREAS.flatMap((area) => {
    const own = sites.filter((site) => areaOf(site) === area);
    if (own.length === 0) return [];
    const { height, place } = project(area, width);
    const taken = new Map<string, number>();
    const spots = own.flatMap((site) => {
      const row = byId.get(site.site_id);
      if (!row || typeof site.longitude !== "number" || typeof site.latitude !== "number") return [];
      const key = `${site.longitude.toFixed(1)} ${site.latitude.toFixed(1)}`;
      const index = taken.get(key) ?? 0;
      taken.set(key, index + 1);
      const [x, y] = place(site.longitude, site.latitude);
      const [dx, dy] = spread(index, radius);
      return [{ row, x: x + dx, y: y + dy }];
    });
    const paths = area.outlines.map(
      (outline) =>
        `${outline
          .map(
            ([lon, lat], i) =>
              `${i ? "L" : "M"}${place(lon, lat)
                .map((one) => one.toFixed(1))
                .join(" ")}`,
          )
          .join("")}Z`,
    );
    return [{ area, width, height, spots, paths }];
  });
}
