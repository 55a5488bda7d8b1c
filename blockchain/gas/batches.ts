// Batches that a registry accepts, and the typed data under which they are signed.
import { type Address, type Hex, keccak256, stringToBytes } from "viem";

const word = (type: string) => (name: string) => ({ name, type });

/** The EIP-712 type of a batch, in the order of the struct. */
export const TYPES = {
  ForecastBatch: [
    word("bytes32")("root"),
    word("uint32")("leafCount"),
    ...["productId", "regionId"].map(word("bytes32")),
    word("uint64")("slot"),
    word("uint32")("version"),
    ...["levelsHash", "modelHash", "featureHash"].map(word("bytes32")),
    ...["issuedAt", "gateClosure", "deliveryStart"].map(word("uint64")),
    word("bytes32")("prevBatch"),
    word("uint256")("nonce"),
  ],
};

export const DOMAIN = (chainId: number, registry: Address) => ({
  name: "GridsealForecastRegistry",
  version: "1",
  chainId,
  verifyingContract: registry,
});

export const nameHash = (name: string): Hex => keccak256(stringToBytes(name));

/** A batch of 96 periods that is issued now; every hash in it is of full length, as real ones are. */
export const aBatch = (prevBatch: Hex, nonce: bigint, now: bigint) => ({
  root: nameHash(`root ${nonce}`),
  leafCount: 96,
  productId: nameHash("site-6h"),
  regionId: nameHash("fr-grand-est"),
  slot: now - (now % 900n) + 900n * nonce,
  version: 1,
  levelsHash: nameHash("levels"),
  modelHash: nameHash("model"),
  featureHash: nameHash("features"),
  issuedAt: now,
  gateClosure: now + 86_400n,
  deliveryStart: now + 86_400n,
  prevBatch,
  nonce,
});
