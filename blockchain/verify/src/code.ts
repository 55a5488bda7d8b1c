// Whether the code at an address is the registry of this release. Without this, a file could name a contract
// of its maker's own that logs anything.

import { keccak } from "./abi.ts";
import { type Bytes, toHex } from "./bytes.ts";

/** Hash of the deployed code with its immutables (chain, own address) set to zero, and where those stand. */
export interface RegistryCode {
  readonly hash: string;
  readonly size: number;
  readonly immutables: readonly (readonly [start: number, length: number])[];
}

export function isRegistry(code: Bytes, expected: RegistryCode): boolean {
  if (code.length !== expected.size) return false;
  const masked = code.slice();
  for (const [start, length] of expected.immutables) masked.fill(0, start, start + length);
  return toHex(keccak(masked)) === expected.hash;
}
