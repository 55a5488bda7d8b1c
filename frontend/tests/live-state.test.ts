/** Every frame of the server changes what is known in one stated way. */
import { describe, expect, test } from "vitest";
import { type ClientFrame, EMPTY, type LiveState, receive, takeForecasts, takeSeals } from "@/lib/live-state";
import type { ServerFrame } from "@/lib/wire";
import { anAlert, aPoint, aSeal, aView, aWindow, SLOT } from "./support/builders";

const HELLO: ServerFrame = { type: "hello", protocol: "p", epoch: "e1", time_scale: 60, now: SLOT };

function play(frames: ServerFrame[], from: LiveState = EMPTY): { state: LiveState; sent: ClientFrame[] } {
  let state = from;
  const sent: ClientFrame[] = [];
  for (const frame of frames) {
    const step = receive(state, frame, 1_000);
    state = step.state;
    sent.push(...step.send);
  }
  return { state, sent };
}

const snapshot = (id: string, data: unknown[], seq = 1): ServerFrame => ({
  type: "snapshot",
  id,
  seq,
  as_at: SLOT,
  reset: false,
  data,
});
const delta = (id: string, seq: number, data: unknown, prev_seq = seq - 1): ServerFrame => ({
  type: "delta",
  id,
  seq,
  prev_seq,
  data,
});
const ack = (id: string): ServerFrame => ({ type: "ack", id, epoch: "e1" });

describe("a connection", () => {
  test("hello sets the clock and subscribes to all channels without resume", () => {
    const { state, sent } = play([HELLO]);
    expect(state.clock).toEqual({ domainMs: Date.parse(SLOT), wallMs: 1_000, scale: 60 });
    expect(sent.map((frame) => ("channel" in frame ? frame.channel : frame.type))).toEqual([
      "forecasts",
      "seals",
      "alerts",
      "windows",
    ]);
    expect(sent.every((frame) => !("resume" in frame))).toBe(true);
  });

  test("a second hello resumes where each subscription left off", () => {
    const { state } = play([HELLO, ack("seals"), snapshot("seals", [], 4), delta("seals", 5, aSeal())]);
    const { sent } = play([HELLO], state);
    expect(sent.find((frame) => "id" in frame && frame.id === "seals")).toMatchObject({
      resume: { epoch: "e1", last_seq: 5 },
    });
    expect(sent.find((frame) => "id" in frame && frame.id === "alerts")).not.toHaveProperty("resume");
  });

  test("a ping is answered and an error is kept in words", () => {
    expect(play([{ type: "ping" }]).sent).toEqual([{ type: "pong" }]);
    const { state } = play([{ type: "error", id: "seals", code: "bad_frame", message: "check filter" }]);
    expect(state.problem).toBe("check filter");
  });
});

test("a subscription that could not be answered is asked for again, later", () => {
  const step = receive(EMPTY, { type: "error", id: "seals", code: "unavailable", message: "try again" }, 0);
  expect(step.send).toEqual([]);
  expect(step.later).toEqual([{ type: "subscribe", id: "seals", channel: "seals", filter: {} }]);
  expect(play([snapshot("seals", [])], step.state).state.problem).toBeNull();
});

describe("deltas", () => {
  const begun = [HELLO, ack("forecasts"), snapshot("forecasts", [aView()], 3)];

  test("a repeated delta changes nothing", () => {
    const { state } = play(begun);
    expect(play([delta("forecasts", 3, aView({ run_id: "run-9" }))], state).state).toBe(state);
  });

  test("a lost delta is noticed and everything is asked for again", () => {
    const next = aView({ run_id: "run-2", slot: "2026-06-01T12:15:00Z" });
    const { state, sent } = play([...begun, delta("forecasts", 6, next)]);
    expect(state.series["farm/wind"]?.run_id).toBe("run-2");
    expect(sent.slice(4).map((frame) => frame.type)).toEqual(["unsubscribe", "subscribe"]);
  });

  test("a conflated delta that reaches back to the last one is no loss", () => {
    const { sent } = play([...begun, delta("forecasts", 6, aView(), 3)]);
    expect(sent).toHaveLength(4);
  });

  test("what does not fit the contract is counted and the rest is kept", () => {
    const { state } = play([HELLO, ack("forecasts"), snapshot("forecasts", [aView(), { series_id: 1 }])]);
    expect(Object.keys(state.series)).toEqual(["farm/wind"]);
    expect(state.refused).toBe(1);
  });
});

describe("forecasts", () => {
  test("an older run does not replace a newer one, but its measurements are taken", () => {
    const known = takeForecasts(EMPTY, [aView({ run_id: "new", slot: "2026-06-01T12:15:00Z" })]);
    const older = aView({
      run_id: "old",
      actuals: [{ period_start: "2026-06-01T11:30:00Z", mean_milli: 1, complete: true, version: 1 }],
    });
    const view = takeForecasts(known, [older]).series["farm/wind"];
    expect(view?.run_id).toBe("new");
    expect(view?.actuals.map((point) => point.mean_milli)).toEqual([1, 900_000]);
  });

  test("a full answer is taken as it is, even when its clock began anew", () => {
    const known = takeForecasts(EMPTY, [aView({ run_id: "new", slot: "2027-01-01T00:00:00Z" })]);
    expect(takeForecasts(known, [aView()], true).series["farm/wind"]?.run_id).toBe("run-1");
  });

  test("periods that the newest run no longer covers keep what was said of them", () => {
    const first = takeForecasts(EMPTY, [aView()]);
    const second = takeForecasts(first, [
      aView({ run_id: "run-2", slot: "2026-06-01T12:15:00Z", points: [aPoint("2026-06-01T12:30:00Z")] }),
    ]);
    expect(second.earlier["farm/wind"]?.map((point) => point.target_start)).toEqual(["2026-06-01T12:15:00Z"]);
  });
});

describe("windows", () => {
  const known = takeForecasts(EMPTY, [aView()]);
  const begun = play([HELLO, ack("windows"), snapshot("windows", [])], known).state;

  test("a new window is appended and a correction replaces", () => {
    const { state } = play(
      [
        delta("windows", 2, aWindow({ covered_s: 600 })),
        delta("windows", 3, aWindow({ mean_milli: 510_000, version: 2 })),
        delta("windows", 4, aWindow({ mean_milli: 1, version: 1 })),
      ],
      begun,
    );
    expect(state.series["farm/wind"]?.actuals.slice(1)).toEqual([
      { period_start: SLOT, mean_milli: 510_000, complete: true, version: 2 },
    ]);
  });

  test("a window of another width leaves the chart alone", () => {
    const { state } = play([delta("windows", 2, aWindow({ width_s: 3600 }))], begun);
    expect(state.series["farm/wind"]?.actuals).toHaveLength(1);
    expect(state.windowsSeen).toBe(1);
  });
});

describe("seals and alerts", () => {
  test("a seal never goes back", () => {
    const sealed = takeSeals(EMPTY, [aSeal()]);
    expect(takeSeals(sealed, [aSeal({ state: "sent" })]).seals["run-1"]?.state).toBe("mined");
  });

  test("the same alert twice is one alert, newest first", () => {
    const { state } = play([
      HELLO,
      ack("alerts"),
      snapshot("alerts", [anAlert()]),
      delta("alerts", 2, anAlert({ count: 2 })),
      delta("alerts", 3, anAlert({ alert_id: "alert-2", raised_at: "2026-06-01T13:00:00Z" })),
    ]);
    expect(state.alerts.map((alert) => [alert.alert_id, alert.count])).toEqual([
      ["alert-2", 1],
      ["alert-1", 2],
    ]);
  });
});
