/** One line per site for the list: its standing series, what it does now and what comes next. */
import { meanAhead } from "@/features/forecast/fan-data";
import type { LiveState } from "@/lib/live-state";
import type { Seal, Series, SeriesForecastView, Site } from "@/lib/wire";

export interface SiteRow {
  siteId: string;
  name: string;
  region: string;
  timezone: string;
  attribution: string;
  /** The series that stands for the site; null before its first forecast. */
  primary: SeriesForecastView | null;
  seal: Seal | null;
  now: { milli: number; periodStartMs: number; complete: boolean } | null;
  nextHourMilli: number | null;
  /** Share of capacity in use, 0 to 1. */
  load: number | null;
  stale: boolean;
}

const KIND_ORDER = ["wind", "pv", "home_net", "household", "home_load", "home_pv", "storage"];

export function primaryOf(
  siteId: string,
  catalog: readonly Series[],
  views: readonly SeriesForecastView[],
): SeriesForecastView | null {
  const chosen = catalog.find((series) => series.site_id === siteId && series.primary && series.forecast);
  const own = views.filter((view) => view.site_id === siteId);
  const byCatalog = own.find((view) => view.series_id === chosen?.series_id);
  return byCatalog ?? [...own].sort(byWeight)[0] ?? null;
}

function byWeight(a: SeriesForecastView, b: SeriesForecastView): number {
  const kinds = KIND_ORDER.indexOf(a.kind) - KIND_ORDER.indexOf(b.kind);
  return kinds || (b.capacity_w ?? 0) - (a.capacity_w ?? 0) || a.series_id.localeCompare(b.series_id);
}

/**
 * Older than two and a half issues: something upstream stands still. What is issued long before it is delivered, such
 * as the next day's hours, is followed by the next run once as much time has passed as it speaks about.
 */
export function isStale(view: SeriesForecastView, nowMs: number | null, issueEveryS: number): boolean {
  if (nowMs === null) return false;
  const patience = 2500 * Math.max(issueEveryS, view.resolution_s, 900);
  const issued = Date.parse(view.issued_at);
  const ahead = Date.parse(view.delivery_start) - issued > patience;
  return nowMs - issued > patience + (ahead ? view.points.length * view.resolution_s * 1000 : 0);
}

export function siteRows(
  sites: readonly Site[],
  catalog: readonly Series[],
  live: LiveState,
  nowMs: number | null,
): SiteRow[] {
  const views = Object.values(live.series);
  const known = new Map(sites.map((site) => [site.site_id, site]));
  for (const view of views) {
    if (known.has(view.site_id)) continue;
    // asset-service is silent: the forecasts themselves say which sites there are.
    known.set(view.site_id, {
      site_id: view.site_id,
      name: view.site_id,
      region_id: "",
      timezone: "UTC",
      attribution: view.attribution,
    });
  }
  const rows = [...known.values()].map((site) => rowOf(site, catalog, views, live, nowMs));
  return rows.sort(
    (a, b) =>
      rating(b, catalog) - rating(a, catalog) || a.name.localeCompare(b.name, "en", { numeric: true }),
  );
}

/** Plants before homes: a step of ten in capacity, so that homes stay in their order. */
function rating(row: SiteRow, catalog: readonly Series[]): number {
  const own = catalog
    .filter((series) => series.site_id === row.siteId)
    .map((series) => series.capacity_w ?? 0);
  const capacity = Math.max(0, row.primary?.capacity_w ?? 0, ...own);
  return capacity >= 50_000 ? Math.floor(Math.log10(capacity)) : 0;
}

function rowOf(
  site: Site,
  catalog: readonly Series[],
  views: readonly SeriesForecastView[],
  live: LiveState,
  nowMs: number | null,
): SiteRow {
  const primary = primaryOf(site.site_id, catalog, views);
  const issueEvery = catalog.find((series) => series.series_id === primary?.series_id)?.issue_every_s;
  const last = primary?.actuals.at(-1) ?? null;
  const capacity = primary?.capacity_w ?? null;
  return {
    siteId: site.site_id,
    name: site.name,
    region: site.region_id,
    timezone: site.timezone,
    attribution: site.attribution || primary?.attribution || "",
    primary,
    seal: primary ? (live.seals[primary.run_id] ?? primary.seal) : null,
    now: last && {
      milli: last.mean_milli,
      periodStartMs: Date.parse(last.period_start),
      complete: last.complete,
    },
    nextHourMilli: primary && nowMs !== null ? meanAhead(primary, 5000, nowMs) : null,
    load: last && capacity ? Math.min(1, Math.abs(last.mean_milli) / 1000 / capacity) : null,
    stale: primary ? isStale(primary, nowMs, issueEvery ?? primary.resolution_s) : false,
  };
}

/** Rows whose name, id or region holds every word typed. */
export function searchRows(rows: readonly SiteRow[], typed: string): SiteRow[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  return rows.filter((row) => {
    const text = `${row.name} ${row.siteId} ${row.region}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
