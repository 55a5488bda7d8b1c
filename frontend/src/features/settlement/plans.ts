/** What a person can do on this page, each as the transactions it takes and the words for them. Pure. */
import { keccak256, stringToBytes } from "viem/utils";
import { formatAmount, shortHex } from "@/features/wallet/amount";
import type { Order } from "@/features/wallet/book";
import type { Hex } from "@/features/wallet/provider";
import { momentText } from "@/features/wallet/say";
import { duration } from "@/lib/time";
import type { en } from "@/words/en/settlement";
import type { Account, Contracts, ExitRequest, Holding } from "./wire";

export interface Facts {
  contracts: Contracts;
  account: Account;
  words: typeof en;
  language: string;
  /** Names of authorities that we know, by address. */
  names: ReadonlyMap<string, string>;
}

/** One transaction of several; `done` where the chain shows that it is not needed (any more). */
export interface Step extends Order {
  key: string;
}

export const hashOf = (text: string): Hex => keccak256(stringToBytes(text));
export const slotSeconds = (slot: string): bigint => BigInt(Math.floor(Date.parse(slot) / 1000));

export function amountText(facts: Pick<Facts, "contracts" | "language">, units: bigint | string): string {
  const { decimals, symbol } = facts.contracts.token;
  return `${formatAmount(BigInt(units), decimals, facts.language)} ${symbol}`;
}

export function nameOf(facts: Pick<Facts, "names" | "words">, authority: string): string {
  const own = facts.names.get(authority);
  const known: Readonly<Record<string, string>> = facts.words.authorities;
  return own ? `${known[own] ?? own} (${shortHex(authority)})` : shortHex(authority);
}

function allowance(facts: Facts, spender: "StakePool" | "ActualsRegistry", amount: bigint): Step[] {
  if (BigInt(facts.account.allowances[spender] ?? "0") >= amount) return [];
  const to = facts.contracts.contracts.find(({ name }) => name === spender)?.address ?? "0x";
  const says = facts.words.says.approve[spender](amountText(facts, amount));
  return [{ key: "approve", says, call: { contract: "Token", method: "approve", args: [to, amount] } }];
}

export function stakeSteps(facts: Facts, authority: string, amount: bigint): Step[] {
  const wait = duration(facts.contracts.unbonding_s);
  const says = facts.words.says.stake(amountText(facts, amount), nameOf(facts, authority), wait);
  return [
    ...allowance(facts, "StakePool", amount),
    { key: "stake", says, call: { contract: "StakePool", method: "deposit", args: [authority, amount] } },
  ];
}

export function joinStep(facts: Facts, productId: string): Step {
  const call = { contract: "Settlement", method: "join", args: [hashOf(productId)] } as const;
  return { key: "join", says: facts.words.says.join(productId), call };
}

export function leaveStep(facts: Facts, productId: string): Step {
  const call = { contract: "Settlement", method: "leave", args: [hashOf(productId)] } as const;
  return {
    key: "leave",
    says: facts.words.says.leave(productId, duration(facts.contracts.unbonding_s)),
    call,
  };
}

/** Shares that are worth `amount` now; all of them where that is what is asked for, so that no dust stays. */
export function sharesFor(holding: Holding, amount: bigint): bigint {
  const [shares, worth] = [BigInt(holding.shares), BigInt(holding.worth)];
  return amount >= worth || worth === 0n ? shares : (shares * amount) / worth;
}

export function exitStep(facts: Facts, holding: Holding, amount: bigint): Step {
  const ready = Date.parse(facts.contracts.block_time) / 1000 + facts.contracts.unbonding_s;
  const shown = amountText(facts, amount > BigInt(holding.worth) ? holding.worth : amount);
  const says = facts.words.says.exit(shown, nameOf(facts, holding.authority), momentText(ready));
  const args = [holding.authority, sharesFor(holding, amount)];
  return { key: "exit", says, call: { contract: "StakePool", method: "startUnbonding", args } };
}

export function withdrawStep(facts: Facts, request: ExitRequest): Step {
  const amount = request.amount === null ? null : amountText(facts, request.amount);
  const call = { contract: "StakePool", method: "withdraw", args: [BigInt(request.request_id)] } as const;
  return { key: `withdraw-${request.request_id}`, says: facts.words.says.withdraw(amount), call };
}

export function claimStep(facts: Facts): Step {
  const says = facts.words.says.claim(amountText(facts, facts.account.owed));
  return { key: "claim", says, call: { contract: "ActualsRegistry", method: "withdraw", args: [] } };
}

export interface Doubt {
  productId: string;
  slot: string;
  version: number;
  evidence: string;
}

export function disputeSteps(facts: Facts, { productId, slot, version, evidence }: Doubt): Step[] {
  const bond = BigInt(facts.contracts.bond);
  const value = BigInt(facts.contracts.arbitration_cost_wei);
  const says = facts.words.says.dispute({
    product: productId,
    slot: momentText(slotSeconds(slot)),
    version,
    bond: amountText(facts, bond),
    gain: amountText(facts, bond / 2n),
    fee: value === 0n ? null : `${formatAmount(value, 18, facts.language, 6)} ETH`,
    ruling: duration(facts.contracts.ruling_window_s),
    evidence,
  });
  const args = [hashOf(productId), slotSeconds(slot), version, hashOf(evidence)];
  return [
    ...allowance(facts, "ActualsRegistry", bond),
    { key: "dispute", says, call: { contract: "ActualsRegistry", method: "dispute", args, value } },
  ];
}

export function ruleStep(facts: Pick<Facts, "words">, disputeId: string, ruling: 1 | 2): Step {
  const call = {
    contract: "Arbiter",
    method: "giveRuling",
    args: [BigInt(disputeId), BigInt(ruling)],
  } as const;
  return { key: `rule-${ruling}`, says: facts.words.says.rule[ruling], call };
}

export function recalibrateStep(facts: Pick<Facts, "words">, productId: string, reason: string): Step {
  const args = [hashOf(productId), hashOf(reason)];
  const says = facts.words.says.recalibrate(productId, reason);
  return { key: "recalibrate", says, call: { contract: "Operations", method: "requestRecalibration", args } };
}
