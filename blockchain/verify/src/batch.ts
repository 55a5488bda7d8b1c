// The batch that an authority signs: EIP-712 typed data, one per run.

import { secp256k1 } from "@noble/curves/secp256k1";
import { address, bytes32, keccak, nameHash, uint } from "./abi.ts";
import { type Bytes, concat, fromHex, toHex, utf8 } from "./bytes.ts";

/** In the order of the struct; the order is part of the type. */
export interface Batch {
  readonly root: string;
  readonly leafCount: bigint;
  readonly productId: string;
  readonly regionId: string;
  readonly slot: bigint;
  readonly version: bigint;
  readonly levelsHash: string;
  readonly modelHash: string;
  readonly featureHash: string;
  readonly issuedAt: bigint;
  readonly gateClosure: bigint;
  readonly deliveryStart: bigint;
  readonly prevBatch: string;
  readonly nonce: bigint;
}

const BATCH_TYPE =
  "ForecastBatch(bytes32 root,uint32 leafCount,bytes32 productId,bytes32 regionId,uint64 slot,uint32 version," +
  "bytes32 levelsHash,bytes32 modelHash,bytes32 featureHash,uint64 issuedAt,uint64 gateClosure," +
  "uint64 deliveryStart,bytes32 prevBatch,uint256 nonce)";
const DOMAIN_TYPE = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
const HALF_ORDER = secp256k1.CURVE.n / 2n;

/** EIP-712 struct hash; the registry keeps it, and the next batch names it. */
export function batchHash(batch: Batch): Bytes {
  const hash = (text: string) => bytes32(fromHex(text));
  return keccak(
    concat(
      keccak(utf8(BATCH_TYPE)),
      hash(batch.root),
      uint(batch.leafCount, 32),
      hash(batch.productId),
      hash(batch.regionId),
      uint(batch.slot, 64),
      uint(batch.version, 32),
      hash(batch.levelsHash),
      hash(batch.modelHash),
      hash(batch.featureHash),
      uint(batch.issuedAt, 64),
      uint(batch.gateClosure, 64),
      uint(batch.deliveryStart, 64),
      hash(batch.prevBatch),
      uint(batch.nonce, 256),
    ),
  );
}

/** What the authority signs, for one registry on one chain. */
export function batchDigest(batch: Batch, chainId: bigint, registry: string): Bytes {
  const domain = keccak(
    concat(
      keccak(utf8(DOMAIN_TYPE)),
      nameHash("GridsealForecastRegistry"),
      nameHash("1"),
      uint(chainId, 256),
      address(registry),
    ),
  );
  return keccak(concat(Uint8Array.of(0x19, 0x01), domain, batchHash(batch)));
}

/**
 * Address that made a 65-byte signature, in EIP-55 form. Refuses what the registry refuses: another length, a
 * recovery number other than 27 and 28, and the upper half of s, which would give every signature a twin.
 */
export function recover(digest: Bytes, signature: Bytes): string {
  if (signature.length !== 65) throw new RangeError("not 65 bytes");
  const recovery = signature[64]! - 27;
  if (recovery !== 0 && recovery !== 1) throw new RangeError("recovery number is not 27 or 28");
  const compact = secp256k1.Signature.fromCompact(signature.slice(0, 64));
  if (compact.s > HALF_ORDER) throw new RangeError("s is in the upper half");
  const key = compact.addRecoveryBit(recovery).recoverPublicKey(digest).toRawBytes(false);
  return checksummed(toHex(keccak(key.slice(1)).slice(12)));
}

/** EIP-55: the case of the letters is a check sum. */
export function checksummed(text: string): string {
  const lower = text.slice(2).toLowerCase();
  const hash = toHex(keccak(utf8(lower))).slice(2);
  return `0x${[...lower].map((c, i) => (Number.parseInt(hash[i]!, 16) >= 8 ? c.toUpperCase() : c)).join("")}`;
}
