"use client";
import { useEffect, useMemo, useSyncExternalStore } from "react";
import * as z from "zod/mini";
import { ApiProblem, getAll, getJson, sendJson } from "@/lib/api";
import { INITIAL, LiveClient, type LiveSnapshot } from "@/lib/live";
import { type ClockAnchor, type LiveState, refuse, takeAlerts, takeForecasts } from "@/lib/live-state";
import type { PublicConfig } from "@/lib/upstream";
import { type Polled, usePolled } from "@/lib/use-polled";
import { Alert, ForecastSummary, PublicConfigShape, Series, SeriesForecastView, Site } from "@/lib/wire";

export interface Catalog {
  sites: Site[];
  series: Series[];
}

export interface Room {
  live: LiveSnapshot;
  catalog: Polled<Catalog>;
  summary: Polled<ForecastSummary>;
  /** What keeps forecasts from being read, when the socket is down and REST fails too. */
  fallbackProblem: ApiProblem | null;
  config: PublicConfig | null;
  clock: ClockAnchor | null;
  retry: () => void;
}

const loadConfig = (signal: AbortSignal) => getJson("/config", PublicConfigShape, signal);
const SocketToken = z.object({ token: z.string() });
const findSocket = async () => {
  const { ws_url, development } = await loadConfig(new AbortController().signal);
  if (development) return { url: ws_url, token: null };
  const { token } = await sendJson("POST", "/auth/socket", {}, SocketToken);
  return { url: ws_url, token };
};
const loadSummary = async (signal: AbortSignal) => {
  const summary = await getJson("/api/v1/forecasts/summary", ForecastSummary, signal);
  return { summary, wallMs: Date.now() };
};
const loadCatalog = async (signal: AbortSignal): Promise<Catalog> => {
  const sites = await getAll("/api/v1/sites?limit=200", Site, signal);
  const series = await getAll("/api/v1/series?limit=500", Series, signal);
  if (sites.kept.length === 0 && sites.refused > 0)
    throw new ApiProblem("asset-service sent sites that this page does not understand.", 200);
  return { sites: sites.kept, series: series.kept };
};
const loadLatest = async (signal: AbortSignal) => {
  const views = await getAll("/api/v1/forecasts/latest", SeriesForecastView, signal);
  const alerts = await getAll("/api/v1/alerts/recent", Alert, signal);
  return (state: LiveState) =>
    refuse(takeAlerts(takeForecasts(state, views.kept), alerts.kept), views.refused + alerts.refused);
};

/** What every page knows: the socket for what moves, REST for what it does not tell, or when it is down. */
export function useRoomSource(): Room {
  const client = useMemo(() => new LiveClient(findSocket), []);
  const live = useSyncExternalStore(client.subscribe, client.snapshot, () => INITIAL);

  useEffect(() => {
    const retry = () => client.retryNow();
    client.start();
    window.addEventListener("online", retry);
    return () => {
      window.removeEventListener("online", retry);
      client.stop();
    };
  }, [client]);

  const config = usePolled(loadConfig, 60_000);
  const catalog = usePolled(loadCatalog, live.data.epoch ? 30_000 : 4_000);
  const summary = usePolled(loadSummary, 5_000);
  const latest = usePolled(
    loadLatest,
    10_000,
    live.connection.phase !== "live" && live.connection.attempt > 0,
  );
  useEffect(() => {
    if (latest.data) client.merge(latest.data);
  }, [latest.data, client]);

  const clock = live.data.clock ?? anchorOf(summary.data);
  return {
    live,
    catalog,
    summary: { data: summary.data?.summary ?? null, problem: summary.problem },
    fallbackProblem: latest.problem,
    config: config.data,
    clock,
    retry: () => client.retryNow(),
  };
}

function anchorOf(told: { summary: ForecastSummary; wallMs: number } | null): ClockAnchor | null {
  if (!told || told.summary.time_scale <= 0) return null;
  return { domainMs: Date.parse(told.summary.as_at), wallMs: told.wallMs, scale: told.summary.time_scale };
}
