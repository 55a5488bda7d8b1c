// The few shapes of Solidity's ABI that leaves and batches need. Every value is one word of 32 bytes.

import { keccak_256 } from "@noble/hashes/sha3";
import { type Bytes, concat, fromHex, utf8 } from "./bytes.ts";

export const keccak = (bytes: Bytes): Bytes => keccak_256(bytes);

/** bytes32 of a name (series, product, region): keccak of its UTF-8 form. */
export const nameHash = (name: string): Bytes => keccak(utf8(name));

/** One word of an unsigned number that must fit `bits`. */
export function uint(value: bigint, bits: number): Bytes {
  if (value < 0n || value >= 1n << BigInt(bits)) throw new RangeError(`not a uint${bits}`);
  return fromHex(`0x${value.toString(16).padStart(64, "0")}`);
}

/** One word of a signed number in two's complement that must fit `bits`. */
export function int(value: bigint, bits: number): Bytes {
  if (BigInt.asIntN(bits, value) !== value) throw new RangeError(`not an int${bits}`);
  return uint(BigInt.asUintN(256, value), 256);
}

/** One word that is 32 bytes already. */
export function bytes32(value: Bytes): Bytes {
  if (value.length !== 32) throw new RangeError("not 32 bytes");
  return value;
}

/** One word of an address. */
export function address(text: string): Bytes {
  const bytes = fromHex(text.toLowerCase());
  if (bytes.length !== 20) throw new RangeError("not an address");
  return concat(new Uint8Array(12), bytes);
}

/** The tail of a dynamic list: its length and its words. */
export function list(words: readonly Bytes[]): Bytes {
  return concat(uint(BigInt(words.length), 256), ...words);
}

/** Word number `index` of an answer. */
export function wordAt(answer: Bytes, index: number): Bytes {
  const word = answer.slice(32 * index, 32 * index + 32);
  if (word.length !== 32) throw new RangeError("the answer is too short");
  return word;
}

export function toBigInt(word: Bytes): bigint {
  let value = 0n;
  for (const byte of word) value = (value << 8n) | BigInt(byte);
  return value;
}

/** First four bytes of the hash of a function's signature. */
export const selector = (signature: string): Bytes => keccak(utf8(signature)).slice(0, 4);
