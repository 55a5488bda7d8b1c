/** The connection against a real socket server: it greets, resumes and comes back. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { type WebSocket as Peer, WebSocketServer } from "ws";
import { ApiProblem } from "@/lib/api";
import { backoffMs, LiveClient, SUBPROTOCOL } from "@/lib/live";
import { aSeal, SLOT } from "./support/builders";

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanups.splice(0)) clean();
});

async function aServer(token: string | null = null) {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", handleProtocols: () => SUBPROTOCOL });
  await once(server, "listening");
  cleanups.push(() => {
    for (const peer of server.clients) peer.terminate();
    server.close();
  });
  const client = new LiveClient(async () => {
    if (token === "ended") throw new ApiProblem("nobody is signed in", 401);
    return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, token };
  });
  cleanups.push(() => client.stop());
  const heard: { id?: string; type: string; resume?: unknown }[] = [];
  server.on("connection", (peer) => peer.on("message", (raw) => heard.push(JSON.parse(String(raw)))));
  return { server, client, heard };
}

/** A deadline, not a measure: the machine may be busy. */
const within = (check: () => void) => vi.waitFor(check, { timeout: 10_000 });

const hello = (peer: Peer) =>
  peer.send(JSON.stringify({ type: "hello", protocol: SUBPROTOCOL, epoch: "e1", time_scale: 60, now: SLOT }));
const say = (peer: Peer, frame: unknown) => peer.send(JSON.stringify(frame));

test("it is live after hello, and speaks the sub-protocol", async () => {
  const { server, client, heard } = await aServer();
  client.start();
  const [peer] = (await once(server, "connection")) as [Peer];
  expect(peer.protocol).toBe(SUBPROTOCOL);
  expect(client.snapshot().connection.phase).toBe("connecting");
  hello(peer);
  await within(() => expect(heard).toHaveLength(4));
  expect(client.snapshot().connection.phase).toBe("live");
});

test("after a lost connection it returns by itself and resumes", async () => {
  const { server, client, heard } = await aServer();
  client.start();
  const [first] = (await once(server, "connection")) as [Peer];
  hello(first);
  say(first, { type: "ack", id: "seals", epoch: "e1" });
  say(first, { type: "snapshot", id: "seals", seq: 7, as_at: SLOT, data: [aSeal()] });
  await within(() => expect(client.snapshot().data.seals["run-1"]).toBeDefined());
  await within(() => expect(heard).toHaveLength(4));
  const again = once(server, "connection");
  first.terminate();
  await within(() => expect(client.snapshot().connection.phase).toBe("reconnecting"));
  const [second] = (await again) as [Peer];
  hello(second);
  await within(() => expect(heard).toHaveLength(8));
  expect(heard.slice(4).find((frame) => frame.id === "seals")?.resume).toEqual({ epoch: "e1", last_seq: 7 });
  expect(client.snapshot().connection).toMatchObject({ phase: "live", attempt: 0 });
});

test("bytes that are no frame are counted and the connection stays", async () => {
  const { server, client } = await aServer();
  client.start();
  const [peer] = (await once(server, "connection")) as [Peer];
  hello(peer);
  peer.send("{nonsense");
  say(peer, { type: "delta", id: "seals" });
  await within(() => expect(client.snapshot().data.refused).toBe(2));
  expect(client.snapshot().connection.phase).toBe("live");
});

test("the wait grows, is spread, and has an end", () => {
  expect(backoffMs(1, () => 0)).toBe(250);
  expect(backoffMs(1, () => 1)).toBe(750);
  expect(backoffMs(4, () => 1)).toBe(4_250);
  expect(backoffMs(50, () => 1)).toBe(20_250);
});

test("shows its token first, and never in the address", async () => {
  const { server, client, heard } = await aServer("of-alice");
  const asked: string[] = [];
  server.on("connection", (_, request) => asked.push(request.url ?? ""));
  client.start();
  await within(() => expect(heard[0]).toEqual({ type: "authenticate", token: "of-alice" }));
  expect(asked).toEqual(["/"]);
});

test("whose token has ended comes back with a new one, and says it when there is none", async () => {
  const { server, client } = await aServer("of-alice");
  let times = 0;
  server.on("connection", (peer) => {
    times += 1;
    if (times === 1) hello(peer);
    peer.close(4401);
  });
  client.start();
  await within(() => expect(client.snapshot().connection.phase).toBe("signed-out"));
  expect(times).toBe(2);
});

test("says that nobody is signed in, and that a role has no part in this", async () => {
  const nobody = await aServer("ended");
  nobody.client.start();
  await within(() => expect(nobody.client.snapshot().connection.phase).toBe("signed-out"));
  const { server, client } = await aServer("of-carol");
  server.on("connection", (peer) => peer.close(4403));
  client.start();
  await within(() => expect(client.snapshot().connection.phase).toBe("no-permission"));
});
