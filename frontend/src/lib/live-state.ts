/**
 * What the dashboard knows from the live connection, and how each frame changes it. No I/O: the frames to
 * send in answer come back beside the new state.
 */
import { Alert, type Point, Seal, SeriesForecastView, type ServerFrame, sift, Window } from "./wire";

export const CHANNELS = ["forecasts", "seals", "alerts", "windows"] as const;
export type Channel = (typeof CHANNELS)[number];

export interface Filter {
  site_id?: string;
  series_id?: string;
}

export type ClientFrame =
  | {
      type: "subscribe";
      id: string;
      channel: Channel;
      filter: Filter;
      resume?: { epoch: string; last_seq: number };
    }
  | { type: "unsubscribe"; id: string }
  | { type: "ping" }
  | { type: "pong" };

interface Subscription {
  channel: Channel;
  epoch: string;
  lastSeq: number;
}

/** Domain time is `domainMs` at wall time `wallMs` and runs `scale` times as fast. */
export interface ClockAnchor {
  domainMs: number;
  wallMs: number;
  scale: number;
}

export interface LiveState {
  epoch: string | null;
  clock: ClockAnchor | null;
  subscriptions: Readonly<Record<string, Subscription>>;
  series: Readonly<Record<string, SeriesForecastView>>;
  /** What earlier runs had said of periods that the newest run no longer covers, since this page was opened. */
  earlier: Readonly<Record<string, readonly Point[]>>;
  seals: Readonly<Record<string, Seal>>;
  alerts: readonly Alert[];
  /** Newest window of each series, also of those without a forecast. */
  latest: Readonly<Record<string, Window>>;
  windowsSeen: number;
  /** Messages that did not fit the contract. */
  refused: number;
  /** A subscription that the server turned down, in its words. */
  problem: string | null;
}

export const EMPTY: LiveState = {
  epoch: null,
  clock: null,
  subscriptions: {},
  series: {},
  earlier: {},
  seals: {},
  alerts: [],
  latest: {},
  windowsSeen: 0,
  refused: 0,
  problem: null,
};

const KEEP_ACTUALS_MS = 26 * 3_600_000;
const KEEP_ALERTS = 200;
const KEEP_SEALS = 400;
const SEAL_RANK = { pending: 0, signed: 1, sent: 2, failed: 3, late: 4, mined: 5, final: 6 } as const;

export interface Step {
  state: LiveState;
  send: ClientFrame[];
  /** To be sent after a pause: the service had no answer yet. */
  later?: ClientFrame[];
}

/** The state after one frame of the server, and the frames to answer with. */
export function receive(state: LiveState, frame: ServerFrame, wallMs: number): Step {
  switch (frame.type) {
    case "hello": {
      const clock = { domainMs: Date.parse(frame.now), wallMs, scale: frame.time_scale };
      return { state: { ...state, epoch: frame.epoch, clock, problem: null }, send: subscribeAll(state) };
    }
    case "ack":
      return { state: withSubscription(state, frame.id, { epoch: frame.epoch }), send: [] };
    case "snapshot": {
      const channel = state.subscriptions[frame.id]?.channel ?? channelOf(frame.id);
      if (!channel) return { state, send: [] };
      const next = withSubscription(state, frame.id, { channel, lastSeq: frame.seq });
      return { state: { ...takeSnapshot(next, channel, frame.data), problem: null }, send: [] };
    }
    case "delta":
      return takeDelta(state, frame);
    case "error":
      return takeError(state, frame);
    case "ping":
      return { state, send: [{ type: "pong" }] };
    case "pong":
    case "complete":
      return { state, send: [] };
  }
}

/** A frame that could not be read at all. */
export function refuse(state: LiveState, count = 1): LiveState {
  return count === 0 ? state : { ...state, refused: state.refused + count };
}

/** `unavailable` ends a subscription that would stand a moment later; any other refusal is ours to mend. */
function takeError(state: LiveState, frame: Extract<ServerFrame, { type: "error" }>): Step {
  const channel = frame.id === null ? undefined : channelOf(frame.id);
  const again = frame.code === "unavailable" && frame.id !== null && channel;
  return {
    state: { ...state, problem: frame.message },
    send: [],
    later: again ? [{ type: "subscribe", id: frame.id ?? channel, channel, filter: {} }] : [],
  };
}

function channelOf(id: string): Channel | undefined {
  return CHANNELS.find((channel) => channel === id);
}

function subscribeAll(state: LiveState): ClientFrame[] {
  return CHANNELS.map((channel) => {
    const known = state.subscriptions[channel];
    const frame: ClientFrame = { type: "subscribe", id: channel, channel, filter: {} };
    if (!known?.epoch) return frame;
    return { ...frame, resume: { epoch: known.epoch, last_seq: known.lastSeq } };
  });
}

function withSubscription(state: LiveState, id: string, change: Partial<Subscription>): LiveState {
  const channel = change.channel ?? channelOf(id);
  if (!channel) return state;
  const old = state.subscriptions[id] ?? { channel, epoch: state.epoch ?? "", lastSeq: 0 };
  return { ...state, subscriptions: { ...state.subscriptions, [id]: { ...old, ...change } } };
}

function takeDelta(state: LiveState, frame: Extract<ServerFrame, { type: "delta" }>): Step {
  const known = state.subscriptions[frame.id];
  if (!known || frame.seq <= known.lastSeq) return { state, send: [] };
  const next = takeItems(
    withSubscription(state, frame.id, { lastSeq: frame.seq }),
    known.channel,
    [frame.data],
    false,
  );
  if (frame.prev_seq <= known.lastSeq) return { state: next, send: [] };
  // Something between was lost: the same id again, without resume, brings everything there is.
  return {
    state: next,
    send: [
      { type: "unsubscribe", id: frame.id },
      { type: "subscribe", id: frame.id, channel: known.channel, filter: {} },
    ],
  };
}

function takeSnapshot(state: LiveState, channel: Channel, data: readonly unknown[]): LiveState {
  return takeItems(state, channel, data, true);
}

function takeItems(
  state: LiveState,
  channel: Channel,
  data: readonly unknown[],
  replace: boolean,
): LiveState {
  switch (channel) {
    case "forecasts": {
      const { kept, refused } = sift(SeriesForecastView, data);
      return refuse(takeForecasts(state, kept, replace), refused);
    }
    case "seals": {
      const { kept, refused } = sift(Seal, data);
      return refuse(takeSeals(state, kept), refused);
    }
    case "alerts": {
      const { kept, refused } = sift(Alert, data);
      return refuse(takeAlerts(state, kept, replace), refused);
    }
    case "windows": {
      const { kept, refused } = sift(Window, data);
      return refuse(kept.reduce(takeWindow, state), refused);
    }
  }
}

/** Newer runs in, per series. A full answer (`replace`) is taken as it is, so a stack that began anew shows anew. */
export function takeForecasts(
  state: LiveState,
  views: readonly SeriesForecastView[],
  replace = false,
): LiveState {
  const series: Record<string, SeriesForecastView> = replace ? {} : { ...state.series };
  const earlier: Record<string, readonly Point[]> = { ...state.earlier };
  for (const view of views) {
    const old = state.series[view.series_id];
    if (old && old.run_id !== view.run_id) {
      earlier[view.series_id] = superseded(earlier[view.series_id] ?? [], old, view);
    }
    series[view.series_id] = old && !replace ? merged(old, view) : view;
  }
  const seals = views.flatMap((view) => (view.seal ? [view.seal] : []));
  return takeSeals({ ...state, series, earlier }, seals);
}

function merged(old: SeriesForecastView, view: SeriesForecastView): SeriesForecastView {
  const newer = Date.parse(old.slot) > Date.parse(view.slot) ? old : view;
  return { ...newer, actuals: mergeActuals(old.actuals, view.actuals) };
}

function superseded(
  kept: readonly Point[],
  old: SeriesForecastView,
  view: SeriesForecastView,
): readonly Point[] {
  const first = Date.parse(view.points[0]?.target_start ?? view.slot);
  const left = old.points.filter((point) => Date.parse(point.target_start) < first);
  const known = new Set(left.map((point) => point.target_start));
  return [...kept.filter((point) => !known.has(point.target_start)), ...left].filter((point) => {
    const start = Date.parse(point.target_start);
    return start < first && start > first - KEEP_ACTUALS_MS;
  });
}

function mergeActuals(
  old: SeriesForecastView["actuals"],
  fresh: SeriesForecastView["actuals"],
): SeriesForecastView["actuals"] {
  const byStart = new Map(old.map((point) => [Date.parse(point.period_start), point]));
  for (const point of fresh) {
    const start = Date.parse(point.period_start);
    const known = byStart.get(start);
    // The same period again is a correction: it replaces, never appends.
    if (!known || point.version >= known.version) byStart.set(start, point);
  }
  const newest = Math.max(...byStart.keys());
  return [...byStart.entries()]
    .filter(([start]) => start > newest - KEEP_ACTUALS_MS)
    .sort(([a], [b]) => a - b)
    .map(([, point]) => point);
}

/** Seal states only move forward, whichever of socket and REST tells them first. */
export function takeSeals(state: LiveState, seals: readonly Seal[]): LiveState {
  if (seals.length === 0) return state;
  const known: Record<string, Seal> = { ...state.seals };
  for (const seal of seals) {
    const old = known[seal.run_id];
    // A reorganization undoes a mined seal, and says so; anything else that is behind is merely old.
    const undone = old?.state === "mined" && seal.state === "sent" && seal.detail !== "";
    if (!old || undone || SEAL_RANK[seal.state] >= SEAL_RANK[old.state]) known[seal.run_id] = seal;
  }
  const all = Object.values(known);
  if (all.length <= KEEP_SEALS) return { ...state, seals: known };
  const newest = all.sort((a, b) => Date.parse(b.slot) - Date.parse(a.slot)).slice(0, KEEP_SEALS);
  return { ...state, seals: Object.fromEntries(newest.map((seal) => [seal.run_id, seal])) };
}

export function takeAlerts(state: LiveState, alerts: readonly Alert[], replace = false): LiveState {
  const byId = new Map((replace ? [] : state.alerts).map((alert) => [alert.alert_id, alert]));
  for (const alert of alerts) byId.set(alert.alert_id, alert);
  const sorted = [...byId.values()].sort((a, b) => Date.parse(b.raised_at) - Date.parse(a.raised_at));
  return { ...state, alerts: sorted.slice(0, KEEP_ALERTS) };
}

function takeWindow(state: LiveState, window: Window): LiveState {
  const old = state.latest[window.series_id];
  const isNewest =
    !old ||
    window.width_s < old.width_s ||
    (window.width_s === old.width_s && Date.parse(window.window_start) >= Date.parse(old.window_start));
  const latest = isNewest ? { ...state.latest, [window.series_id]: window } : state.latest;
  const next = { ...state, latest, windowsSeen: state.windowsSeen + 1 };
  const view = state.series[window.series_id];
  if (!view || view.resolution_s !== window.width_s) return next;
  const point = {
    period_start: window.window_start,
    mean_milli: window.mean_milli,
    complete: window.covered_s >= window.expected_s,
    version: window.version,
  };
  const actuals = mergeActuals(view.actuals, [point]);
  return { ...next, series: { ...state.series, [window.series_id]: { ...view, actuals } } };
}
