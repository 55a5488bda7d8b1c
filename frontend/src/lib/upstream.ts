/** Which service answers which path. Read when a request comes, so one build serves any ports. */

export interface Upstream {
  service: string;
  base: string;
}

type Env = Readonly<Record<string, string | undefined>>;

const SERVICES = {
  forecast: {
    service: "forecast-service",
    variable: "GRIDSEAL_FORECAST_URL",
    fallback: "http://127.0.0.1:28000",
  },
  asset: { service: "asset-service", variable: "GRIDSEAL_ASSET_URL", fallback: "http://127.0.0.1:28010" },
  settlement: {
    service: "settlement-service",
    variable: "GRIDSEAL_SETTLEMENT_URL",
    fallback: "http://127.0.0.1:28020",
  },
  gateway: {
    service: "ingestion-gateway",
    variable: "GRIDSEAL_GATEWAY_URL",
    fallback: "http://127.0.0.1:28030",
  },
  feeds: { service: "feeds", variable: "GRIDSEAL_FEEDS_URL", fallback: "http://127.0.0.1:28031" },
  stream: {
    service: "streaming-processor",
    variable: "GRIDSEAL_STREAM_URL",
    fallback: "http://127.0.0.1:28003",
  },
} as const;

const ROUTES: Readonly<Record<string, keyof typeof SERVICES>> = {
  forecasts: "forecast",
  alerts: "forecast",
  accuracy: "forecast",
  models: "forecast",
  drift: "forecast",
  trails: "forecast",
  jobs: "forecast",
  gateway: "gateway",
  feeds: "feeds",
  stream: "stream",
  sites: "asset",
  assets: "asset",
  series: "asset",
  products: "asset",
  settlements: "settlement",
  overrides: "settlement",
  session: "settlement",
  contracts: "settlement",
  accounts: "settlement",
  audit: "settlement",
};

function base(of: keyof typeof SERVICES, env: Env): string {
  const { variable, fallback } = SERVICES[of];
  return (env[variable] || fallback).replace(/\/+$/, "");
}

/** The service behind `/api/v1/<family>/…`, or nothing when no service has such a path. */
export function upstreamOf(segments: readonly string[], env: Env): Upstream | null {
  const [api, family] = segments;
  const route = api === "v1" && family ? ROUTES[family] : undefined;
  if (!route || segments.some((segment) => segment === "." || segment === "..")) return null;
  return { service: SERVICES[route].service, base: base(route, env) };
}

/** What the page must know of the installation; nothing secret. */
export interface PublicConfig {
  ws_url: string;
  rpc_url: string;
  development: boolean;
}

export function publicConfig(env: Env): PublicConfig {
  const socket =
    env.GRIDSEAL_FORECAST_WS_URL || `${base("forecast", env).replace(/^http/, "ws")}/ws/forecasts`;
  return {
    ws_url: socket,
    rpc_url: env.GRIDSEAL_CHAIN_RPC_URL || "http://127.0.0.1:28545",
    development: (env.GRIDSEAL_AUTH || "dev") === "dev",
  };
}
