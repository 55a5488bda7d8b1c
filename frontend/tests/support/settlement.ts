/** Test data for the settlement page while it is worked on. Nothing here is true of any chain. */

const UNIT = 10n ** 18n;
const address = (digit: string) => `0x${digit.repeat(40)}`;
const hash = (digit: string) => `0x${digit.repeat(64)}`;
const FORECAST = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const BENCHMARK = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC";
const NAMES = [
  "ForecastRegistry",
  "ActualsRegistry",
  "StakePool",
  "Settlement",
  "Operations",
  "Token",
  "Arbiter",
];
const PRODUCTS = ["site-6h", "site-dayahead", "fleet-15min"];
const ROUNDS = ["waiting", "proposed", "disputed", "revealing", "settled", "neutral", null] as const;
const HOUR = 3_600_000;

const iso = (ms: number) => new Date(ms).toISOString().replace(".000Z", "Z");
const money = (whole: number) => String(BigInt(whole) * UNIT);

function contracts(now: number) {
  return {
    chain_id: 31337,
    deployment_id: "test-data",
    block_number: 812,
    block_time: iso(now),
    confirmations: 3,
    contracts: NAMES.map((name, i) => ({ name, address: address(String(i + 1)) })),
    token: { address: address("6"), symbol: "GLC", decimals: 18 },
    bond: money(50),
    arbitration_cost_wei: "0",
    dispute_window_s: 7_200,
    ruling_window_s: 43_200,
    unbonding_s: 345_600,
    treasury_due: "0",
  };
}

function slots(now: number) {
  const first = Math.floor(now / HOUR) * HOUR;
  return Array.from({ length: 36 }, (_, i) => {
    const slot = first - i * HOUR;
    return {
      product_id: PRODUCTS[i % PRODUCTS.length],
      slot: iso(slot),
      run_id: `${i}`.padStart(32, "0"),
      version: 1,
      gate_closure: iso(slot + HOUR),
      seal: i === 0 ? "sent" : i === 4 ? "late" : i < 3 ? "mined" : "final",
      tx_hash: hash("a"),
      sealed_at: i === 0 ? null : iso(slot + HOUR / 2),
      round: ROUNDS[i % ROUNDS.length] ?? null,
      round_detail: "",
      due_at: iso(slot + 7 * HOUR),
    };
  });
}

function round(product: string, slot: string, now: number) {
  const found = slots(now).find((one) => one.product_id === product && one.slot === slot);
  if (!found?.round) return null;
  const at = Date.parse(slot);
  const told = ROUNDS.indexOf(found.round) > 0;
  const scored = ["revealing", "settled"].includes(found.round);
  const event = (name: string, hours: number) => ({
    event: name,
    tx_hash: hash("b"),
    block_number: 700 + hours,
    block_time: iso(at + hours * HOUR),
  });
  const dispute = {
    version: 1,
    challenger: FORECAST,
    dispute_id: "0",
    evidence_hash: hash("c"),
    opened_at: iso(at + 8 * HOUR),
    ruling: null,
    tx_hash: hash("d"),
  };
  return {
    product_id: product,
    slot,
    state: found.round,
    due_at: found.due_at,
    detail: "",
    actuals: told
      ? { version: 1, root: hash("e"), leaf_count: 480, final_at: iso(now + HOUR), tx_hash: hash("f") }
      : null,
    deadline: scored ? iso(now + 2 * HOUR) : null,
    revealed: scored ? { [FORECAST]: 480, [BENCHMARK]: 480 } : {},
    scores:
      found.round === "settled"
        ? [FORECAST, BENCHMARK].map((authority, i) => ({
            authority,
            score_ratio: 0.0213 + i * 0.011,
            tx_hash: hash("1"),
          }))
        : [],
    disputes: found.round === "disputed" ? [dispute] : [],
    moves: found.round === "settled" ? [{ authority: FORECAST, kind: "given", amount: money(2) }] : [],
    taken: null,
    given: null,
    steps: told ? [event("ActualsProposed", 7), event("ActualsFinal", 9), event("RoundOpened", 10)] : [],
  };
}

function account(who: string, now: number) {
  return {
    address: who,
    roles: ["viewer", "operator", "authority"],
    balance_wei: money(999),
    tokens: money(8_750),
    allowances: {},
    owed: money(75),
    holdings: [{ authority: FORECAST, shares: money(1_000), worth: String(10_125n * (UNIT / 10n)) }],
    requests: [
      {
        request_id: "1",
        authority: FORECAST,
        shares: money(40),
        ready_at: iso(now + 30 * HOUR),
        state: "waiting",
        amount: null,
        tx_hash: hash("2"),
      },
      {
        request_id: "2",
        authority: FORECAST,
        shares: money(12),
        ready_at: iso(now - HOUR),
        state: "ready",
        amount: money(12),
        tx_hash: hash("3"),
      },
    ],
    may_back: [FORECAST],
  };
}

const OVERRIDE = {
  request_id: 1,
  product_id: "site-6h",
  operator: FORECAST,
  reason: "The inverter of home-03 was replaced.",
  reason_hash: hash("4"),
  tx_hash: hash("5"),
  state: "linked",
  detail: "",
  model_name: "site-6h",
  model_version: "8",
  first_run_id: "1".padStart(32, "0"),
};

/** What settlement-service would answer, or nothing. */
export function settlementAnswer(path: string, now: number): unknown {
  const [, api, version, family, ...rest] = path.split("/").map(decodeURIComponent);
  if (api !== "api" || version !== "v1") return null;
  if (family === "contracts") return contracts(now);
  if (family === "accounts") return account(rest[0] ?? "", now);
  if (family === "overrides") return { items: [{ ...OVERRIDE, asked_at: iso(now - 5 * HOUR) }] };
  if (family !== "settlements") return null;
  const [kind, product, slot] = rest;
  if (kind === "products")
    return {
      items: PRODUCTS.map((product_id, i) => ({
        product_id,
        product_hash: hash(String(i + 1)),
        newest_slot: iso(now),
        participants: [FORECAST],
        terms: { benchmark: BENCHMARK, cap_bps: 500, reveal_window_s: 7_200 },
      })),
    };
  if (kind === "stakes")
    return {
      treasury: money(31),
      items: [
        {
          authority: FORECAST,
          name: "forecast",
          stake: money(1_052),
          active: money(1_012),
          products: [hash("1")],
        },
        { authority: BENCHMARK, name: "benchmark", stake: money(1_000), active: money(1_000), products: [] },
      ],
    };
  if (kind === "slots" && !product) return { items: slots(now), next_cursor: null };
  if (kind === "slots")
    return {
      items: [FORECAST, BENCHMARK].map((authority, i) => ({
        authority,
        batch_hash: hash(String(i + 7)),
        counts: true,
        run_id: null,
        version: 1,
        state: "final",
      })),
    };
  if (kind === "rounds" && product && slot) return round(product, slot, now);
  return null;
}
