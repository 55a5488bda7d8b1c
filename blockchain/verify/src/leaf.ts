// Leaves of forecasts and of measured values. Hashed twice, so that an inner node can never stand for a leaf.

import { bytes32, int, keccak, list, nameHash, uint } from "./abi.ts";
import { type Bytes, concat } from "./bytes.ts";

/** What one forecast leaf commits to: one target period of one series. */
export interface Leaf {
  readonly seriesId: string;
  /** Unix seconds. */
  readonly targetStart: bigint;
  readonly resolutionS: bigint;
  /** Thousandths of the series' unit, in the order of the batch's levels. */
  readonly valuesMilli: readonly bigint[];
  readonly salt: Bytes;
}

/** What one leaf of measured values commits to. */
export interface ActualLeaf {
  readonly seriesId: string;
  readonly targetStart: bigint;
  readonly resolutionS: bigint;
  readonly valueMilli: bigint;
  readonly capacityMilli: bigint;
  readonly salt: Bytes;
}

const twice = (encoded: Bytes): Bytes => keccak(keccak(encoded));

/** keccak256(keccak256(abi.encode(bytes32, uint64, uint32, int64[], bytes32))). */
export function leafHash(leaf: Leaf): Bytes {
  const head = [
    nameHash(leaf.seriesId),
    uint(leaf.targetStart, 64),
    uint(leaf.resolutionS, 32),
    uint(5n * 32n, 256), // where the list begins: after the five words of the head
    bytes32(leaf.salt),
  ];
  return twice(concat(...head, list(leaf.valuesMilli.map((value) => int(value, 64)))));
}

/** keccak256(keccak256(abi.encode(bytes32, uint64, uint32, int64, uint64, bytes32))). */
export function actualLeafHash(leaf: ActualLeaf): Bytes {
  return twice(
    concat(
      nameHash(leaf.seriesId),
      uint(leaf.targetStart, 64),
      uint(leaf.resolutionS, 32),
      int(leaf.valueMilli, 64),
      uint(leaf.capacityMilli, 64),
      bytes32(leaf.salt),
    ),
  );
}

/** keccak256(abi.encode(uint16[])) of levels in basis points. */
export function levelsHash(levelsBps: readonly bigint[]): Bytes {
  return keccak(concat(uint(32n, 256), list(levelsBps.map((level) => uint(level, 16)))));
}
