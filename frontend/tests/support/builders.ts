/** Small messages for tests, with defaults for all that a test does not speak about. */
import type { Alert, Seal, Series, SeriesForecastView, Site, Window } from "@/lib/wire";

export const SLOT = "2026-06-01T12:00:00Z";
export const LEVELS = [500, 1000, 2500, 5000, 7500, 9000, 9500];

export function aPoint(start: string, median = 1_000_000, spread = 100_000) {
  const values_milli = [-3, -2, -1, 0, 1, 2, 3].map((step) => median + step * spread);
  return { target_start: start, values_milli };
}

export function aSeal(more: Partial<Seal> = {}): Seal {
  return {
    run_id: "run-1",
    product_id: "site-6h",
    slot: SLOT,
    version: 1,
    state: "mined",
    root: `0x${"1".repeat(64)}`,
    authority: `0x${"a".repeat(40)}`,
    chain_id: 31337,
    registry: `0x${"b".repeat(40)}`,
    tx_hash: `0x${"2".repeat(64)}`,
    block_number: 12,
    block_time: "2026-06-01T12:01:00Z",
    detail: "",
    ...more,
  };
}

export function aView(more: Partial<SeriesForecastView> = {}): SeriesForecastView {
  return {
    series_id: "farm/wind",
    site_id: "farm",
    name: "Farm",
    kind: "wind",
    unit: "W",
    direction: "into_grid",
    capacity_w: 4000,
    resolution_s: 900,
    product_id: "site-6h",
    run_id: "run-1",
    slot: SLOT,
    issued_at: "2026-06-01T12:00:30Z",
    delivery_start: "2026-06-01T12:15:00Z",
    gate_closure: "2026-06-01T12:15:00Z",
    levels_bps: LEVELS,
    model: "lstm",
    model_version: "3",
    rung: 0,
    data_age_s: 900,
    points: [aPoint("2026-06-01T12:15:00Z"), aPoint("2026-06-01T12:30:00Z", 2_000_000)],
    actuals: [{ period_start: "2026-06-01T11:45:00Z", mean_milli: 900_000, complete: true, version: 1 }],
    seal: null,
    attribution: "",
    ...more,
  };
}

export function aWindow(more: Partial<Window> = {}): Window {
  return {
    series_id: "farm/wind",
    width_s: 900,
    window_start: SLOT,
    mean_milli: 500_000,
    covered_s: 900,
    expected_s: 900,
    version: 1,
    ...more,
  };
}

export function anAlert(more: Partial<Alert> = {}): Alert {
  return {
    alert_id: "alert-1",
    severity: "warning",
    rule: "stuck",
    site_id: "farm",
    subject: "farm/wind",
    title: "Value does not change",
    detail: "",
    period_start: SLOT,
    period_end: "2026-06-01T12:15:00Z",
    raised_at: "2026-06-01T12:16:00Z",
    count: 1,
    ...more,
  };
}

export function aSite(site_id: string, more: Partial<Site> = {}): Site {
  return { site_id, name: site_id, region_id: "somewhere", timezone: "UTC", attribution: "", ...more };
}

export function aSeries(series_id: string, more: Partial<Series> = {}): Series {
  const [site_id = "", name = ""] = series_id.split("/");
  return {
    series_id,
    site_id,
    name,
    kind: "wind",
    unit: "W",
    resolution_s: 900,
    issue_every_s: 900,
    capacity_w: null,
    forecast: true,
    primary: false,
    ...more,
  };
}
