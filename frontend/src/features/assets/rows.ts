/** What is known of each asset, in one row. Pure. */
import type { Asset, AssetPerformance, AssetQuality } from "./wire";

export interface AssetRow {
  asset: Asset;
  siteName: string;
  performance: AssetPerformance | null;
  quality: AssetQuality | null;
  /** Share of what was sent that is stored and believed; null where nothing was sent. */
  believed: number | null;
  refused: number;
  hits: number;
}

export const sum = (counts: Readonly<Record<string, number>>) =>
  Object.values(counts).reduce((total, one) => total + one, 0);

/** Stored and neither suspect nor bad, of all that was sent, refused ones included. */
export function believedShare(quality: AssetQuality): number | null {
  const sent = quality.readings + sum(quality.refused);
  return sent === 0 ? null : (quality.readings - quality.suspect - quality.bad) / sent;
}

/** The power series of an asset alone, else the series of the site that is named like it. */
export function performanceOf(asset: Asset, all: readonly AssetPerformance[]): AssetPerformance | null {
  return all.find((one) => one.asset_id === asset.asset_id) ?? null;
}

export function assetRows(
  assets: readonly Asset[],
  performance: readonly AssetPerformance[],
  quality: readonly AssetQuality[],
  siteNames: ReadonlyMap<string, string>,
): AssetRow[] {
  const qualities = new Map(quality.map((one) => [one.asset_id, one]));
  return assets.map((asset) => {
    const found = qualities.get(asset.asset_id) ?? null;
    return {
      asset,
      siteName: siteNames.get(asset.site_id) ?? asset.site_id,
      performance: performanceOf(asset, performance),
      quality: found,
      believed: found ? believedShare(found) : null,
      refused: found ? sum(found.refused) : 0,
      hits: found ? sum(found.hits) : 0,
    };
  });
}

/** Energy in a unit that fits: Wh, kWh, MWh. */
export function energyScale(wh: number): { factor: number; unit: string; digits: number } {
  const size = Math.abs(wh);
  if (size >= 1e6) return { factor: 1e-6, unit: "MWh", digits: 2 };
  if (size >= 1e3) return { factor: 1e-3, unit: "kWh", digits: 1 };
  return { factor: 1, unit: "Wh", digits: 0 };
}

/** What a form sends: only what differs, empty ratings as unknown. Undefined where a number is none. */
export function changesOf(
  asset: Asset,
  form: { name: string; rating_w: string; energy_wh: string },
): Record<string, string | number | null> | undefined {
  const whole = (text: string): number | null | undefined => {
    if (text.trim() === "") return null;
    const value = Number(text);
    return Number.isInteger(value) && value > 0 ? value : undefined;
  };
  const next = { name: form.name.trim(), rating_w: whole(form.rating_w), energy_wh: whole(form.energy_wh) };
  if (next.name === "" || next.rating_w === undefined || next.energy_wh === undefined) return undefined;
  const changes: Record<string, string | number | null> = {};
  if (next.name !== asset.name) changes.name = next.name;
  if (next.rating_w !== asset.rating_w) changes.rating_w = next.rating_w;
  if (next.energy_wh !== asset.energy_wh) changes.energy_wh = next.energy_wh;
  return changes;
}
