/** What settlement-service says, as docs/settlement-api.md has it. Amounts, shares and scores are whole numbers as text. */
import * as z from "zod/mini";

const utc = z.iso.datetime({ offset: true });
const whole = z.int();
const units = z.string().check(z.regex(/^\d+$/));
const text = z.string();

export const Contracts = z.object({
  chain_id: whole,
  deployment_id: text,
  block_number: whole,
  block_time: utc,
  confirmations: whole.check(z.positive()),
  contracts: z.array(z.object({ name: text, address: text })),
  token: z.object({ address: text, symbol: text, decimals: whole }),
  bond: units,
  arbitration_cost_wei: units,
  dispute_window_s: whole,
  ruling_window_s: whole,
  unbonding_s: whole,
  treasury_due: units,
});
export type Contracts = z.infer<typeof Contracts>;

export const Holding = z.object({ authority: text, shares: units, worth: units });
export type Holding = z.infer<typeof Holding>;

export const ExitRequest = z.object({
  request_id: units,
  authority: text,
  shares: units,
  ready_at: utc,
  state: z.enum(["waiting", "ready", "paid"]),
  amount: z.nullable(units),
  tx_hash: text,
});
export type ExitRequest = z.infer<typeof ExitRequest>;

export const Account = z.object({
  address: text,
  roles: z.array(text),
  balance_wei: units,
  tokens: units,
  allowances: z.record(text, units),
  owed: units,
  holdings: z.array(Holding),
  requests: z.array(ExitRequest),
  may_back: z.array(text),
});
export type Account = z.infer<typeof Account>;

export const Stake = z.object({
  authority: text,
  name: z.nullable(text),
  stake: units,
  active: units,
  products: z.array(text),
});
export type Stake = z.infer<typeof Stake>;
export const Stakes = z.object({ treasury: units, items: z.array(Stake) });
export type Stakes = z.infer<typeof Stakes>;

export const Product = z.object({
  product_id: text,
  product_hash: text,
  newest_slot: utc,
  participants: z.array(text),
  terms: z.nullable(z.object({ benchmark: text, cap_bps: whole, reveal_window_s: whole })),
});
export type Product = z.infer<typeof Product>;
export const Products = z.object({ items: z.array(Product) });
export type Products = z.infer<typeof Products>;

export const ROUND_STATES = [
  "waiting",
  "proposed",
  "disputed",
  "void",
  "final",
  "revealing",
  "settled",
  "neutral",
  "skipped",
] as const;
const roundState = z.enum(ROUND_STATES);
export type RoundState = z.infer<typeof roundState>;

export const SEAL_STATES = ["pending", "signed", "sent", "mined", "final", "late", "failed"] as const;
export type SealState = (typeof SEAL_STATES)[number];

export const Slot = z.object({
  product_id: text,
  slot: utc,
  run_id: text,
  version: whole,
  gate_closure: utc,
  seal: z.enum(SEAL_STATES),
  tx_hash: z.nullable(text),
  sealed_at: z.nullable(utc),
  round: z.nullable(roundState),
  round_detail: z.nullable(text),
  due_at: z.nullable(utc),
});
export type Slot = z.infer<typeof Slot>;
export const SlotPage = z.object({ items: z.array(Slot), next_cursor: z._default(z.nullish(text), null) });

export const SlotSeal = z.object({
  authority: text,
  batch_hash: text,
  counts: z.boolean(),
  run_id: z.nullable(text),
  version: z.nullable(whole),
  state: z.nullable(text),
});
export type SlotSeal = z.infer<typeof SlotSeal>;
export const SlotHistory = z.object({ items: z.array(SlotSeal) });

export const Dispute = z.object({
  version: whole,
  challenger: z.nullable(text),
  dispute_id: text,
  evidence_hash: text,
  evidence: z._default(z.nullish(text), null),
  opened_at: utc,
  ruling_deadline: z._default(z.nullish(utc), null),
  ruling: z.nullable(whole),
  tx_hash: text,
});
export type Dispute = z.infer<typeof Dispute>;

export const Round = z.object({
  product_id: text,
  slot: utc,
  state: roundState,
  due_at: utc,
  detail: text,
  actuals: z.nullable(
    z.object({ version: whole, root: text, leaf_count: whole, final_at: utc, tx_hash: text }),
  ),
  deadline: z.nullable(utc),
  revealed: z.record(text, whole),
  scores: z.array(z.object({ authority: text, score_ratio: z.number(), tx_hash: text })),
  disputes: z.array(Dispute),
  moves: z.array(z.object({ authority: z.nullable(text), kind: text, amount: units })),
  taken: z.nullable(units),
  given: z.nullable(units),
  steps: z.array(z.object({ event: text, tx_hash: text, block_number: whole, block_time: utc })),
});
export type Round = z.infer<typeof Round>;

export const Override = z.object({
  request_id: whole,
  product_id: z.nullable(text),
  operator: text,
  reason: z.nullable(text),
  reason_hash: text,
  asked_at: utc,
  tx_hash: text,
  state: text,
  detail: text,
  model_name: z.nullable(text),
  model_version: z.nullable(text),
  first_run_id: z.nullable(text),
});
export type Override = z.infer<typeof Override>;
export const Overrides = z.object({ items: z.array(Override) });
