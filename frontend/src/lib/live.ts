/**
 * Client of `/ws/forecasts`: one connection that says where it stands, resumes where it left off, and
 * comes back by itself. All rules about frames are in `live-state.ts`.
 */
import { type ClientFrame, EMPTY, type LiveState, receive, refuse } from "./live-state";
import { ServerFrame } from "./wire";

export const SUBPROTOCOL = "gridseal.forecasts.v1+json";
const PING_EVERY_MS = 15_000;
const SILENCE_LIMIT_MS = 35_000;
const RETRY_MS = 3_000;
const HELLO_LIMIT_MS = 10_000;
const OFFLINE_AFTER_ATTEMPTS = 4;
/** Frames of one slot come by the dozen: they are shown together. */
const TOGETHER_MS = 40;

/** Close codes of the hub: who is not signed in, or whose role has no part in this. */
const NOT_SIGNED_IN = 4401;
const NOT_ALLOWED = 4403;

export type Phase = "connecting" | "live" | "reconnecting" | "offline" | "signed-out" | "no-permission";

/** Where the socket is, and what to show there first; null where nobody asks who it is. */
export interface Address {
  url: string;
  token: string | null;
}

export interface Connection {
  phase: Phase;
  /** Failed attempts since the last good connection. */
  attempt: number;
  /** Wall time at which the next attempt starts. */
  retryAtMs: number | null;
  /** Wall time of the last frame. */
  lastFrameMs: number | null;
}

export interface LiveSnapshot {
  connection: Connection;
  data: LiveState;
}

export const INITIAL: LiveSnapshot = {
  connection: { phase: "connecting", attempt: 0, retryAtMs: null, lastFrameMs: null },
  data: EMPTY,
};

/** Full jitter: many dashboards that lost one server do not return as one wave. */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  const ceiling = Math.min(20_000, 500 * 2 ** Math.max(0, attempt - 1));
  return Math.round(250 + random() * ceiling);
}

export class LiveClient {
  #snapshot: LiveSnapshot = INITIAL;
  #listeners = new Set<() => void>();
  #socket: WebSocket | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #heartbeat: ReturnType<typeof setInterval> | undefined;
  #telling: ReturnType<typeof setTimeout> | undefined;
  #openedMs = 0;
  #stopped = true;
  readonly #address: () => Promise<Address>;

  /** `address` is asked before every attempt: a restarted stack may have moved, a token may have ended. */
  constructor(address: () => Promise<Address>) {
    this.#address = address;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  snapshot = (): LiveSnapshot => this.#snapshot;

  /** Let something else that was heard (a REST answer) into the same state. */
  merge(change: (state: LiveState) => LiveState): void {
    this.#set({ data: change(this.#snapshot.data) });
  }

  start(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#heartbeat = setInterval(() => this.#beat(), 5_000);
    void this.#connect();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#retry);
    clearInterval(this.#heartbeat);
    clearTimeout(this.#telling);
    this.#telling = undefined;
    this.#socket?.close(1000);
    this.#socket = null;
  }

  /** Try now, because the machine is back on line or a person asked. */
  retryNow(): void {
    if (this.#stopped || this.#socket) return;
    clearTimeout(this.#retry);
    void this.#connect();
  }

  async #connect(): Promise<void> {
    let socket: WebSocket;
    let token: string | null;
    try {
      const address = await this.#address();
      if (this.#stopped || this.#socket) return;
      token = address.token;
      socket = new WebSocket(address.url, SUBPROTOCOL);
    } catch (error) {
      this.#lost((error as { status?: number }).status === 401 ? "signed-out" : null);
      return;
    }
    this.#socket = socket;
    this.#openedMs = Date.now();
    if (token !== null) socket.onopen = () => socket.send(JSON.stringify({ type: "authenticate", token }));
    socket.onmessage = (event) => this.#onMessage(socket, String(event.data));
    socket.onclose = ({ code }) => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      // A token that has ended is renewed with the next attempt; that one knows when there is nobody any more.
      const again = code === NOT_SIGNED_IN && this.#snapshot.connection.phase !== "live";
      this.#lost(code === NOT_ALLOWED ? "no-permission" : again ? "signed-out" : null);
    };
  }

  #lost(why: "signed-out" | "no-permission" | null = null): void {
    if (this.#stopped) return;
    const attempt = this.#snapshot.connection.attempt + 1;
    const wait = backoffMs(attempt);
    const phase = why ?? (attempt >= OFFLINE_AFTER_ATTEMPTS ? "offline" : "reconnecting");
    this.#set({
      connection: { ...this.#snapshot.connection, phase, attempt, retryAtMs: Date.now() + wait },
    });
    this.#retry = setTimeout(() => void this.#connect(), wait);
  }

  #onMessage(socket: WebSocket, text: string): void {
    if (this.#socket !== socket) return;
    const now = Date.now();
    const frame = ServerFrame.safeParse(parseJson(text));
    if (!frame.success) {
      this.#set({ data: refuse(this.#snapshot.data) });
      return;
    }
    const step = receive(this.#snapshot.data, frame.data, now);
    const greeted = frame.data.type === "hello";
    const connection: Connection = greeted
      ? { phase: "live", attempt: 0, retryAtMs: null, lastFrameMs: now }
      : { ...this.#snapshot.connection, lastFrameMs: now };
    this.#set({ connection, data: step.state });
    for (const answer of step.send) this.#send(answer);
    for (const frame of step.later ?? [])
      setTimeout(() => this.#socket === socket && this.#send(frame), RETRY_MS);
  }

  #beat(): void {
    const socket = this.#socket;
    if (!socket) return;
    const now = Date.now();
    const { phase, lastFrameMs } = this.#snapshot.connection;
    const quietSince = Math.max(lastFrameMs ?? 0, this.#openedMs);
    const limit = phase === "live" ? SILENCE_LIMIT_MS : HELLO_LIMIT_MS;
    if (now - quietSince > limit) {
      // A dead peer may take minutes to answer a close; the connection is given up here and now.
      this.#socket = null;
      socket.close();
      this.#lost();
    } else if (now - quietSince > PING_EVERY_MS - 5_000) {
      this.#send({ type: "ping" });
    }
  }

  #send(frame: ClientFrame): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }

  #set(change: Partial<LiveSnapshot>): void {
    const { phase } = this.#snapshot.connection;
    this.#snapshot = { ...this.#snapshot, ...change };
    if (phase !== this.#snapshot.connection.phase) this.#tell();
    else this.#telling ??= setTimeout(() => this.#tell(), TOGETHER_MS);
  }

  #tell(): void {
    clearTimeout(this.#telling);
    this.#telling = undefined;
    for (const listener of this.#listeners) listener();
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
