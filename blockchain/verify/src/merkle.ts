// Merkle trees by the rules of OpenZeppelin's StandardMerkleTree without sorted leaves: the two children of a node
// are hashed in sorted order, so a proof needs no directions.

import { keccak } from "./abi.ts";
import { type Bytes, compare, concat } from "./bytes.ts";

const pair = (a: Bytes, b: Bytes): Bytes => keccak(compare(a, b) < 0 ? concat(a, b) : concat(b, a));

/** The root over leaf hashes in their order, which a batch fixes by series hash and target. */
export function rootOf(leaves: readonly Bytes[]): Bytes {
  if (leaves.length === 0) throw new RangeError("a tree needs at least one leaf");
  // The array holds 2n - 1 nodes with the root first; leaf i stands at 2n - 2 - i.
  const nodes: Bytes[] = new Array<Bytes>(leaves.length - 1).concat([...leaves].reverse());
  for (let i = leaves.length - 2; i >= 0; i--) nodes[i] = pair(nodes[2 * i + 1]!, nodes[2 * i + 2]!);
  return nodes[0]!;
}

/** The root that a leaf and its siblings lead to. */
export function rootFromProof(leaf: Bytes, proof: readonly Bytes[]): Bytes {
  return proof.reduce(pair, leaf);
}

/**
 * The root that many leaves lead to at once. `flags` say for each step whether the second child comes from what
 * was computed so far (leaves first) or from the proof.
 */
export function rootFromMultiProof(leaves: readonly Bytes[], proof: readonly Bytes[], flags: readonly boolean[]): Bytes {
  if (leaves.length + proof.length !== flags.length + 1) throw new RangeError("the multiproof does not fit its leaves");
  const known = [...leaves];
  let next = 0;
  let used = 0;
  const take = (): Bytes => {
    const node = known[next++];
    if (node === undefined) throw new RangeError("the multiproof does not fit its leaves");
    return node;
  };
  for (const fromKnown of flags) {
    const first = take();
    const second = fromKnown ? take() : proof[used++];
    if (second === undefined) throw new RangeError("the multiproof does not fit its leaves");
    known.push(pair(first, second));
  }
  if (flags.length === 0) return leaves[0] ?? proof[0]!;
  if (used !== proof.length) throw new RangeError("the multiproof does not fit its leaves");
  return known.at(-1)!;
}
