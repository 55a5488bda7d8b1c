// The second implementation, blockchain/verify, agrees with the golden vectors that Python made, and refuses what
// two readers could understand differently.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { StandardMerkleTree } from "@openzeppelin/merkle-tree";
import { batchDigest, batchHash, checksummed, recover } from "../verify/src/batch.ts";
import { fromHex, toHex } from "../verify/src/bytes.ts";
import { JsonError, parseJson } from "../verify/src/json.ts";
import { type Leaf, leafHash } from "../verify/src/leaf.ts";
import { rootFromMultiProof, rootFromProof, rootOf } from "../verify/src/merkle.ts";
import { canonical } from "../verify/src/origin.ts";
import { batchOf } from "./support/batches.ts";

type Row = Record<string, any>;

const golden = parseJson(readFileSync(new URL("../../gridseal/vectors/notary.json", import.meta.url), "utf8")) as Row;

const leafOf = (row: Row): Leaf => ({
  seriesId: row.series_id,
  targetStart: row.target_start,
  resolutionS: row.resolution_s,
  valuesMilli: row.values_milli.map(BigInt),
  salt: fromHex(row.salt),
});

describe("the second implementation", () => {
  it("hashes every golden leaf", () => {
    for (const row of [...golden.leaves, ...golden.batches.flatMap((b: Row) => b.leaves)]) {
      assert.equal(toHex(leafHash(leafOf(row))), row.hash);
    }
  });

  it("builds every golden root, and each proof leads to it", () => {
    for (const { leaves, root } of golden.batches) {
      assert.equal(toHex(rootOf(leaves.map((row: Row) => fromHex(row.hash)))), root);
      for (const row of leaves) assert.equal(toHex(rootFromProof(fromHex(row.hash), row.proof.map(fromHex))), root);
    }
  });

  it("hashes and digests every golden batch and finds its signer", () => {
    const { chain_id, registry } = golden.domain;
    for (const { batch, batch_hash, digest, signature } of golden.batches) {
      assert.equal(toHex(batchHash(batchOf(batch))), batch_hash);
      const found = batchDigest(batchOf(batch), chain_id, registry);
      assert.equal(toHex(found), digest);
      assert.equal(recover(found, fromHex(signature)), golden.authority);
    }
  });

  it("follows OpenZeppelin's multiproofs", () => {
    const rows = Array.from({ length: 13 }, (_, i) => [`0x${i.toString(16).padStart(64, "0")}`]);
    const tree = StandardMerkleTree.of(rows, ["bytes32"], { sortLeaves: false });
    for (const picked of [[0], [12], [3, 4, 9], rows.map((_, i) => i)]) {
      const { leaves, proof, proofFlags } = tree.getMultiProof(picked);
      const hashes = leaves.map((leaf) => fromHex(tree.leafHash(leaf)));
      assert.equal(toHex(rootFromMultiProof(hashes, proof.map(fromHex), proofFlags)), tree.root);
      assert.throws(() => rootFromMultiProof(hashes, [...proof.map(fromHex), new Uint8Array(32)], proofFlags));
    }
  });

  it("refuses the twin of a signature, another length and another recovery number", () => {
    const { digest, signature } = golden.batches[0];
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const s = order - BigInt(`0x${signature.slice(66, 130)}`);
    const twin = `${signature.slice(0, 66)}${s.toString(16).padStart(64, "0")}${signature.endsWith("1b") ? "1c" : "1b"}`;
    for (const bad of [twin, signature.slice(0, -2), `${signature}00`, `${signature.slice(0, -2)}00`]) {
      assert.throws(() => recover(fromHex(digest), fromHex(bad)), RangeError);
    }
  });

  it("reads whole numbers exactly, and no key twice", () => {
    assert.deepEqual(parseJson('[9007199254740993, -0, {"a": "\\u00e9"}]'), [9007199254740993n, 0n, Object.assign(Object.create(null), { a: "é" })]);
    for (const bad of ['{"a":1,"a":2}', "[1.0]", "[1e3]", "[01]", "[1,]", "{}x", "[", '"\n"', "nul", `${"[".repeat(20)}${"]".repeat(20)}`]) {
      assert.throws(() => parseJson(bad), JsonError, bad);
    }
    assert.equal((parseJson('{"__proto__": 1}') as Row).__proto__, 1n);
  });

  it("spells JSON as RFC 8785 does, and addresses as EIP-55", () => {
    assert.equal(canonical(parseJson('{ "b": [1, "\\u20ac"], "a": {"z": true, "y": null} }')), '{"a":{"y":null,"z":true},"b":[1,"€"]}');
    assert.equal(checksummed("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"), "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed");
  });
});
