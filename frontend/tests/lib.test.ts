/** Units, time, addresses and the address bar. */
import { describe, expect, test } from "vitest";
import { searchOf, selectionFrom } from "@/features/control-room/selection";
import { domainNowMs, duration, knownZone, period } from "@/lib/time";
import { formatAlone, formatNumber } from "@/lib/units";
import { publicConfig, upstreamOf } from "@/lib/upstream";

describe("units", () => {
  test.each([
    [0, "W", "0 W"],
    [950_000, "W", "950 W"],
    [42_000_000, "W", "42.0 kW"],
    [-1_250_000, "W", "−1.25 kW"],
    [8_200_000_000, "W", "8.20 MW"],
    [6_240, "m/s", "6.2 m/s"],
    [21_500, "Cel", "21.5 °C"],
  ])("%i thousandths of %s read %s", (milli, unit, text) => expect(formatAlone(milli, unit)).toBe(text));

  test("numbers are grouped, and zero has no sign", () => {
    expect(formatNumber(1_234_567, 0)).toBe("1\u2009234\u2009567");
    expect(formatNumber(-0.001, 2)).toBe("0.00");
  });
});

describe("time", () => {
  test("domain time runs at its scale from its anchor", () => {
    expect(domainNowMs({ domainMs: 1_000, wallMs: 50, scale: 60 }, 150)).toBe(7_000);
  });

  test("a value is named by its period with the zone", () => {
    const start = Date.parse("2026-06-01T12:15:00Z");
    expect(period(start, 900, "UTC")).toBe("Mon 1 Jun, 12:15–12:30 UTC");
    expect(period(start, 900, "Europe/Paris")).toMatch(/14:15–14:30 (CEST|GMT\+2)$/);
    expect(period(start, 900, "America/Los_Angeles")).toMatch(/05:15–05:30 (PDT|GMT-7)$/);
  });

  test.each([
    [5, "5 s"],
    [190, "3 min 10 s"],
    [900, "15 min"],
    [12_000, "3 h 20 min"],
    [180_000, "2 d 2 h"],
  ])("%i seconds read %s", (seconds, text) => expect(duration(seconds)).toBe(text));

  test("an unknown zone falls back to UTC", () => {
    expect(knownZone("Mars/Olympus")).toBe("UTC");
    expect(knownZone("Europe/Paris")).toBe("Europe/Paris");
  });
});

describe("addresses", () => {
  test.each([
    [["v1", "forecasts", "latest"], "http://f:1"],
    [["v1", "alerts", "recent"], "http://f:1"],
    [["v1", "sites"], "http://127.0.0.1:28010"],
    [["v1", "settlements", "summary"], "http://127.0.0.1:28020"],
  ])("%j goes to %s", (path, base) =>
    expect(upstreamOf(path, { GRIDSEAL_FORECAST_URL: "http://f:1/" })?.base).toBe(base),
  );

  test.each([[["v1", "secrets"]], [["v2", "forecasts"]], [["v1", "forecasts", "..", "x"]], [["v1"]]])(
    "%j goes nowhere",
    (path) => expect(upstreamOf(path, {})).toBeNull(),
  );

  test("the socket follows the forecast-service unless it is named", () => {
    expect(publicConfig({ GRIDSEAL_FORECAST_URL: "https://f.example" }).ws_url).toBe(
      "wss://f.example/ws/forecasts",
    );
    expect(publicConfig({ GRIDSEAL_FORECAST_WS_URL: "ws://x/y" }).ws_url).toBe("ws://x/y");
    expect(publicConfig({ GRIDSEAL_AUTH: "oidc" }).development).toBe(false);
  });
});

describe("the address bar", () => {
  test("keeps what is looked at, and nothing that is usual", () => {
    const selection = selectionFrom({ site: "home-01", series: "home-01/net", back: "24", view: "table" });
    expect(searchOf(selection)).toBe("?site=home-01&series=home-01/net&back=24&view=table");
    expect(searchOf(selectionFrom({}))).toBe("");
  });

  test("keeps the range in whole minutes of UTC, and what belongs to the shell", () => {
    const range = { from: "2026-06-01T08:00Z", to: "2026-06-01T09:30Z", show: "fleet" };
    const search = "?show=fleet&from=2026-06-01T08:00Z&to=2026-06-01T09:30Z&wall=1";
    expect(searchOf(selectionFrom(range), "?wall=1&other=2")).toBe(search);
    expect(selectionFrom({ from: "2026-06-01T09:00Z", to: "2026-06-01T08:00Z" }).range).toBeNull();
  });

  test("what makes no sense is the usual", () => {
    expect(selectionFrom({ back: "99", view: "x" })).toMatchObject({ back: 12, mode: "chart" });
  });
});
