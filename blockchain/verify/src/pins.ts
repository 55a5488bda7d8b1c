// What the reader of a proof file already knows: whose seal it must be, and on which chain.

import type { Check } from "./check.ts";
import type { ProofFile } from "./proof_file.ts";

/** What must be named; nothing is compared that is not given. */
export interface Pins {
  readonly chainId?: bigint;
  readonly registry?: string;
  readonly authority?: string;
}

/** The checks that cannot be made without a pin; without them a file shows only that somebody sealed it somewhere. */
export function notPinned(pins: Pins): string[] {
  const needed: [string, unknown][] = [
    ["expected chain id", pins.chainId],
    ["expected registry", pins.registry],
  ];
  return needed.filter(([, pin]) => pin === undefined).map(([name]) => name);
}

/** One check for each pin that is given. */
export function checkPins(proof: ProofFile, pins: Pins): Check[] {
  const checks: Check[] = [];
  const { chainId, contract } = proof.envelope;
  const same = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();
  if (pins.chainId !== undefined)
    checks.push({ name: "expected chain id", passed: chainId === pins.chainId, detail: `the file names chain ${chainId}` });
  if (pins.registry !== undefined)
    checks.push({ name: "expected registry", passed: same(contract, pins.registry), detail: `the file names registry ${contract}` });
  if (pins.authority !== undefined)
    checks.push({ name: "expected authority", passed: same(proof.authority, pins.authority), detail: `the file names authority ${proof.authority}` });
  return checks;
}
