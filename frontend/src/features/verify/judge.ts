/** Judges a proof file: the same checks as `gridseal verify`, by the verifier of blockchain/verify, in this browser. */
import { JsonRpcChain, NodeError } from "@/artifacts/verifier/chain";
import { type Check, checkChain, checkOffline, verdict } from "@/artifacts/verifier/check";
import type { RegistryCode } from "@/artifacts/verifier/code";
import { JsonError } from "@/artifacts/verifier/json";
import { checkPins, type Pins } from "@/artifacts/verifier/pins";
import { type ProofFile, ProofFileError, readProofFile } from "@/artifacts/verifier/proof_file";
import registryCode from "@/artifacts/verifier/registry_code.json";

export type { Check, Pins, ProofFile };

/** In the order in which they are made. What the file brings of its origin is checked beside these. */
export const OFFLINE = [
  "product",
  "region",
  "quantile levels",
  "slot",
  "issue time",
  "gate before delivery",
  "Merkle proofs",
  "each period once",
  "quantiles in order",
  "signature",
  "envelope",
] as const;
export const ORIGIN = ["inputs", "receipts"] as const;
export const ON_CHAIN = [
  "chain id",
  "registry",
  "inclusion",
  "block hash",
  "commitment",
  "event",
  "before the gate",
  "counts for the slot",
] as const;
/** What this installation is known to use: another registry with the same code would be somebody else's. */
export const PINNED = ["expected chain id", "expected registry"] as const;
export type CheckName =
  | (typeof PINNED)[number]
  | (typeof OFFLINE)[number]
  | (typeof ORIGIN)[number]
  | (typeof ON_CHAIN)[number];

/** `open` where something could not be asked: no pass, and no proof of a forgery either. */
export type Outcome = "checking" | "verified" | "refuted" | "open";

export interface Judgement {
  outcome: Outcome;
  proof: ProofFile | null;
  checks: readonly Check[];
  /** Why the file could not be read, or the node not be asked. */
  problem: { kind: "unreadable" | "node"; detail: string } | null;
}

/** Judges step by step: first what the file itself must satisfy, then what the chain says. */
export async function* judge(text: string, nodeUrl: string, pins: Pins = {}): AsyncGenerator<Judgement> {
  let proof: ProofFile;
  try {
    proof = readProofFile(text.trim());
  } catch (error) {
    if (!(error instanceof ProofFileError || error instanceof JsonError)) throw error;
    yield {
      outcome: "refuted",
      proof: null,
      checks: [],
      problem: { kind: "unreadable", detail: error.message },
    };
    return;
  }
  const checks = [...checkOffline(proof), ...checkPins(proof, pins)];
  yield { outcome: "checking", proof, checks, problem: null };
  try {
    const asked = await checkChain(proof, new JsonRpcChain(nodeUrl), registryCode as unknown as RegistryCode);
    const all = [...checks, ...asked];
    yield {
      outcome: verdict(all) ? (isComplete(all) ? "verified" : "open") : "refuted",
      proof,
      checks: all,
      problem: null,
    };
  } catch (error) {
    const detail = error instanceof NodeError ? error.message : "the node gave an answer that makes no sense";
    const outcome = verdict(checks) ? "open" : "refuted";
    yield { outcome, proof, checks, problem: { kind: "node", detail } };
  }
}

/** A check that was not made is not a pass. */
export function isComplete(checks: readonly Check[]): boolean {
  const made = new Set(checks.map(({ name }) => name));
  return [...OFFLINE, ...PINNED, ...ON_CHAIN].every((name) => made.has(name));
}
