// Python, Solidity and TypeScript agree on 10,000 random forecasts: leaves, roots, proofs of one and of many, batch
// hashes, digests, signatures, scores. Python makes them (gridseal/vectors/random_forecasts.py); the contracts
// and blockchain/verify each make all of it again. AGREEMENT_COUNT and AGREEMENT_SEED ask for others.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { before, describe, it } from "node:test";
import { network } from "hardhat";
import { getAddress } from "viem";
import { batchDigest, batchHash, recover } from "../verify/src/batch.ts";
import { fromHex, toHex } from "../verify/src/bytes.ts";
import { parseJson } from "../verify/src/json.ts";
import { actualLeafHash, leafHash, levelsHash } from "../verify/src/leaf.ts";
import { rootFromMultiProof, rootFromProof, rootOf } from "../verify/src/merkle.ts";
import { scorePeriod } from "../verify/src/score.ts";
import { batchOf, structOf } from "./support/batches.ts";

type Hex = `0x${string}`;
type Row = Record<string, any>;

const COUNT = process.env.AGREEMENT_COUNT ?? "10000";
const SEED = process.env.AGREEMENT_SEED ?? "20260601";

const forecastLeaf = (row: Row) => ({
  seriesId: row.series_hash as Hex,
  targetStart: row.target_start as bigint,
  resolutionS: Number(row.resolution_s),
  valuesMilli: row.values_milli as bigint[],
  salt: row.salt as Hex,
});

const actualLeaf = (row: Row) => ({
  seriesId: row.series_hash as Hex,
  targetStart: row.target_start as bigint,
  resolutionS: Number(row.resolution_s),
  valueMilli: row.value_milli as bigint,
  capacityMilli: row.capacity_milli as bigint,
  salt: row.actual_salt as Hex,
});

describe(`${COUNT} random forecasts, seed ${SEED}`, async () => {
  const { viem } = await network.create();
  let head: Row;
  let batches: Row[];

  before(() => {
    const script = new URL("../../gridseal/vectors/random_forecasts.py", import.meta.url).pathname;
    const made = spawnSync("python", [script, "--count", COUNT, "--seed", SEED], { encoding: "utf8", maxBuffer: 1 << 30 });
    assert.equal(made.status, 0, made.stderr);
    [head, ...batches] = made.stdout.trim().split("\n").map((line) => parseJson(line) as Row) as [Row, ...Row[]];
    assert.equal(batches.reduce((sum, batch) => sum + batch.leaves.length, 0), Number(COUNT));
  });

  it("are the same in TypeScript", () => {
    for (const { leaves, levels, actuals_root, some, proof, actual_proof, flags, batch, ...made } of batches) {
      const hashes = leaves.map((row: Row) => {
        const { series_id: seriesId, target_start: targetStart, resolution_s: resolutionS } = row;
        const period = { seriesId, targetStart, resolutionS };
        const hash = leafHash({ ...period, valuesMilli: row.values_milli, salt: fromHex(row.salt) });
        const { value_milli: valueMilli, capacity_milli: capacityMilli } = row;
        const actual = actualLeafHash({ ...period, valueMilli, capacityMilli, salt: fromHex(row.actual_salt) });
        assert.equal(toHex(hash), row.hash);
        assert.equal(toHex(actual), row.actual_hash);
        assert.equal(toHex(rootFromProof(hash, row.proof.map(fromHex))), batch.root);
        assert.equal(scorePeriod(levels, row.values_milli, valueMilli, capacityMilli), row.score);
        return [hash, actual];
      });
      const picked = some.map((i: bigint) => hashes[Number(i)]);
      for (const [side, root, siblings] of [[0, batch.root, proof], [1, actuals_root, actual_proof]] as const) {
        assert.equal(toHex(rootOf(hashes.map((pair: Uint8Array[]) => pair[side]))), root);
        const opened = picked.map((pair: Uint8Array[]) => pair[side]!);
        assert.equal(toHex(rootFromMultiProof(opened, siblings.map(fromHex), flags)), root);
      }
      assert.equal(toHex(levelsHash(levels)), batch.levels_hash);
      assert.equal(toHex(batchHash(batchOf(batch))), made.batch_hash);
      const digest = batchDigest(batchOf(batch), head.domain.chain_id, head.domain.registry);
      assert.equal(toHex(digest), made.digest);
      assert.equal(recover(digest, fromHex(made.signature)), head.authority);
    }
  });

  it("are the same in Solidity", async () => {
    const [owner] = await viem.getWalletClients();
    const registry = await viem.deployContract("ForecastRegistry", [owner!.account.address]);
    const scorer = await viem.deployContract("QuantileScorer");
    assert.equal(getAddress(registry.address), getAddress(head.domain.registry), "the address the signatures are for");
    for (const { leaves, levels, actuals_root, some, proof, actual_proof, flags, batch, ...made } of batches) {
      assert.equal(await registry.read.hashBatch([structOf(batch)]), made.batch_hash);
      assert.equal(await registry.read.digestOf([structOf(batch)]), made.digest);
      const all = leaves.map((_: Row, i: number) => i);
      const whole = { proof: [], flags: new Array<boolean>(leaves.length - 1).fill(true) };
      const part = { flags, ofForecasts: proof, ofActuals: actual_proof };
      for (const [indices, ofForecasts, ofActuals] of [
        [all, whole, whole],
        [some.map(Number), { proof: part.ofForecasts, flags }, { proof: part.ofActuals, flags }],
      ] as const) {
        const rows = indices.map((i: number) => leaves[i] as Row);
        // The roots fit only if each leaf hash does.
        const sum = await scorer.read.scoreMany([
          levels.map(Number),
          batch.root,
          rows.map(forecastLeaf),
          ofForecasts,
          actuals_root,
          rows.map(actualLeaf),
          ofActuals,
        ]);
        assert.equal(sum, rows.reduce((total: bigint, row: Row) => total + row.score, 0n));
      }
    }
  });
});
