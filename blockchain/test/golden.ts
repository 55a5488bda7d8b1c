// The contract agrees with gridseal/vectors/notary.json, which the Python notary made: leaves, roots, batch
// hashes, digests and signatures. The signatures are sent as they stand.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, describe, it } from "node:test";
import { StandardMerkleTree } from "@openzeppelin/merkle-tree";
import { network } from "hardhat";
import { getAddress, keccak256, recoverAddress, stringToBytes } from "viem";
import { structOf } from "./support/batches.ts";

type Hex = `0x${string}`;
type GoldenLeaf = {
  series_id: string;
  series_hash: Hex;
  target_start: string | number;
  resolution_s: number;
  values_milli: string[];
  salt: Hex;
  hash: Hex;
  proof?: Hex[];
};
type GoldenBatch = {
  name: string;
  leaves: GoldenLeaf[];
  root: Hex;
  batch: Record<string, string | number>;
  batch_hash: Hex;
  digest: Hex;
  signature: Hex;
};

// target_start of one leaf is 2^64 - 1: keep such numbers as text before JSON.parse rounds them.
const text = readFileSync(new URL("../../gridseal/vectors/notary.json", import.meta.url), "utf8");
const golden = JSON.parse(text.replace(/("target_start": )(\d{16,})/g, '$1"$2"')) as {
  domain: { chain_id: number; registry: string };
  authority: Hex;
  leaves: GoldenLeaf[];
  batches: GoldenBatch[];
};

const TYPES = ["bytes32", "uint64", "uint32", "int64[]", "bytes32"];
const leafValues = (leaf: GoldenLeaf) =>
  [leaf.series_hash, BigInt(leaf.target_start), leaf.resolution_s, leaf.values_milli.map(BigInt), leaf.salt] as const;

describe("golden vectors", async () => {
  const { viem, networkHelpers } = await network.create();
  const registry = await viem.deployContract("ForecastRegistry", [
    (await viem.getWalletClients())[0]!.account.address,
  ]);

  before(async () => {
    assert.equal(getAddress(registry.address), getAddress(golden.domain.registry), "the address the signatures are for");
    await registry.write.registerAuthority([golden.authority, 1]);
  });

  it("hashes every leaf as Python does", async () => {
    for (const leaf of [...golden.leaves, ...golden.batches.flatMap((b) => b.leaves)]) {
      assert.equal(keccak256(stringToBytes(leaf.series_id)), leaf.series_hash);
      assert.equal(await registry.read.leafHash(leafValues(leaf)), leaf.hash);
    }
  });

  it("builds the tree that @openzeppelin/merkle-tree builds", () => {
    for (const batch of golden.batches) {
      const tree = StandardMerkleTree.of(
        batch.leaves.map((leaf) => [...leafValues(leaf)]),
        TYPES,
        { sortLeaves: false },
      );
      assert.equal(tree.root, batch.root, batch.name);
      batch.leaves.forEach((leaf, i) => assert.deepEqual(tree.getProof(i), leaf.proof));
    }
  });

  it("hashes and digests every batch as Python does, and the signature is the authority's", async () => {
    for (const { batch, batch_hash, digest, signature } of golden.batches) {
      assert.equal(await registry.read.hashBatch([structOf(batch)]), batch_hash);
      assert.equal(await registry.read.digestOf([structOf(batch)]), digest);
      assert.equal(await recoverAddress({ hash: digest, signature }), golden.authority);
    }
  });

  it("takes the batches in order, tells of them, and proves every leaf", async () => {
    for (const { batch, batch_hash, signature, root, leaves, name } of golden.batches) {
      const struct = structOf(batch);
      await networkHelpers.time.setNextBlockTimestamp(struct.issuedAt + 5n);
      await viem.assertions.emitWithArgs(
        registry.write.notarize([struct, golden.authority, signature]),
        registry,
        "BatchNotarized",
        [root, golden.authority, struct.productId, struct.slot, struct.version, struct.leafCount, struct.gateClosure, batch_hash],
      );
      for (const leaf of leaves) {
        const [series, start, resolution, values, salt] = leafValues(leaf);
        const args = [struct, golden.authority, series, start, resolution, values, salt, leaf.proof!] as const;
        assert.equal(await registry.read.verifyLeaf(args), true, `${name} ${leaf.series_id} ${leaf.target_start}`);
      }
    }
  });

  it("refuses the same signature again", async () => {
    const { batch, signature } = golden.batches.at(-1)!;
    await viem.assertions.revertWithCustomError(
      registry.write.notarize([structOf(batch), golden.authority, signature]),
      registry,
      "WrongNonce",
    );
  });
});
