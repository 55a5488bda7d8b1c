/**
 * One transaction of a wallet: none → signing → sent → mined → final, or failed, or replaced. Pure.
 *
 * A block can be taken away again (mined → sent), another transaction can take the nonce (replaced), and a local chain
 * can be started anew, which leaves the wallet with nonces that nothing will ever reach.
 */

import type { Hex } from "./provider";
import type { Refusal } from "./refusal";

export interface Included {
  blockNumber: number;
  blockHash: string;
  succeeded: boolean;
}

export type TxState =
  | { phase: "none" }
  | { phase: "signing" }
  | { phase: "sent"; hash: Hex; waitsFor: "block" | "nonce" | "sight" }
  | { phase: "mined"; hash: Hex; included: Included; confirmations: number }
  | { phase: "final"; hash: Hex; included: Included; confirmations: number }
  | { phase: "replaced"; hash: Hex; by: Hex | null }
  | { phase: "failed"; hash: Hex | null; refusal: Refusal };

/** What one look at the node showed. */
export interface Sight {
  receipt: Included | null;
  /** Whether the node knows the transaction at all. */
  known: boolean;
  nonce: number | null;
  /** Transactions that the sender has in blocks: the next nonce. */
  nextNonce: number;
  head: number;
  /** Which deployment the service speaks of: another one is another chain. */
  deployment: string;
  /** Of the same sender and nonce, where it was found. */
  instead: Hex | null;
}

export type TxEvent =
  | { type: "ask" }
  | { type: "sent"; hash: Hex }
  | { type: "refused"; refusal: Refusal }
  | { type: "seen"; sight: Sight }
  | { type: "forget" };

export interface TxRules {
  /** Blocks that make it final, its own among them. */
  confirmations: number;
  /** The deployment that the transaction was made for. */
  deployment: string;
}

export const NONE: TxState = { phase: "none" };

/** Whether anything can still happen to it. */
export function isOpen(state: TxState): boolean {
  return state.phase === "signing" || state.phase === "sent" || state.phase === "mined";
}

export function step(state: TxState, event: TxEvent, rules: TxRules): TxState {
  switch (event.type) {
    case "forget":
      return state.phase === "signing" ? state : NONE;
    case "ask":
      return isOpen(state) ? state : { phase: "signing" };
    case "sent":
      return state.phase === "signing" ? { phase: "sent", hash: event.hash, waitsFor: "sight" } : state;
    case "refused":
      return state.phase === "signing" ? { phase: "failed", hash: null, refusal: event.refusal } : state;
    case "seen":
      return state.phase === "sent" || state.phase === "mined" ? look(state, event.sight, rules) : state;
  }
}

type Underway = Extract<TxState, { phase: "sent" | "mined" }>;

function look(state: Underway, sight: Sight, rules: TxRules): TxState {
  const { hash } = state;
  if (sight.deployment !== rules.deployment) {
    return { phase: "failed", hash, refusal: { kind: "chain-reset" } };
  }
  if (sight.receipt) return included(hash, sight.receipt, sight.head, rules);
  if (sight.nonce !== null && sight.nextNonce > sight.nonce && !sight.known) {
    return { phase: "replaced", hash, by: sight.instead };
  }
  if (!sight.known) return { phase: "sent", hash, waitsFor: "sight" };
  const gap = sight.nonce !== null && sight.nextNonce < sight.nonce;
  return { phase: "sent", hash, waitsFor: gap ? "nonce" : "block" };
}

function included(hash: Hex, receipt: Included, head: number, rules: TxRules): TxState {
  const confirmations = Math.max(1, head - receipt.blockNumber + 1);
  if (!receipt.succeeded) return { phase: "failed", hash, refusal: { kind: "reverted", error: null } };
  const phase = confirmations >= rules.confirmations ? "final" : "mined";
  return { phase, hash, included: receipt, confirmations };
}
