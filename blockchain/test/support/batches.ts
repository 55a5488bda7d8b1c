// A batch of the vectors that Python makes, as each implementation takes it.
import type { Batch } from "../../verify/src/batch.ts";

type Hex = `0x${string}`;

/** As the contracts take it. Numbers may stand as numbers, bigints or text. */
export const structOf = (b: Record<string, any>) => ({
  root: b.root as Hex,
  leafCount: Number(b.leaf_count),
  productId: b.product_id as Hex,
  regionId: b.region_id as Hex,
  slot: BigInt(b.slot),
  version: Number(b.version),
  levelsHash: b.levels_hash as Hex,
  modelHash: b.model_hash as Hex,
  featureHash: b.feature_hash as Hex,
  issuedAt: BigInt(b.issued_at),
  gateClosure: BigInt(b.gate_closure),
  deliveryStart: BigInt(b.delivery_start),
  prevBatch: b.prev_batch as Hex,
  nonce: BigInt(b.nonce),
});

/** As blockchain/verify takes it. */
export function batchOf(b: Record<string, any>): Batch {
  const struct = structOf(b);
  return { ...struct, leafCount: BigInt(struct.leafCount), version: BigInt(struct.version) };
}
