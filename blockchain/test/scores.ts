// The scorer agrees with gridseal/vectors/scores.json, which the Python notary made: scores, leaves of actuals,
// proofs of many leaves (also those of @openzeppelin/merkle-tree) and sums over many periods.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { SimpleMerkleTree } from "@openzeppelin/merkle-tree";
import { network } from "hardhat";
import type { Hex } from "viem";

type Proof = { root: Hex; proof: Hex[]; flags: boolean[] };
type Period = {
  series_id: string;
  series_hash: Hex;
  target_start: string;
  resolution_s: number;
  salt: Hex;
  hash: Hex;
};
type Forecast = Period & { values_milli: string[] };
type Actual = Period & { value_milli: string; capacity_milli: string };
type Day = {
  name: string;
  levels_bps: number[];
  forecasts: Forecast[];
  forecast_proof: Proof;
  actuals: Actual[];
  actuals_proof: Proof;
  scores: string[];
  sum: string;
};
const golden = JSON.parse(readFileSync(new URL("../../gridseal/vectors/scores.json", import.meta.url), "utf8")) as {
  scores: {
    name: string;
    levels_bps: number[];
    values_milli: string[];
    actual_milli: string;
    capacity_milli: string;
    score: string;
  }[];
  actual_leaves: Actual[];
  multiproofs: (Proof & { indices: number[]; leaves: Hex[] })[];
  days: Day[];
};

const forecastOf = (leaf: Forecast) => ({
  seriesId: leaf.series_hash,
  targetStart: BigInt(leaf.target_start),
  resolutionS: leaf.resolution_s,
  valuesMilli: leaf.values_milli.map(BigInt),
  salt: leaf.salt,
});
const actualOf = (leaf: Actual) => ({
  seriesId: leaf.series_hash,
  targetStart: BigInt(leaf.target_start),
  resolutionS: leaf.resolution_s,
  valueMilli: BigInt(leaf.value_milli),
  capacityMilli: BigInt(leaf.capacity_milli),
  salt: leaf.salt,
});
const callOf = (day: Day) =>
  [
    day.levels_bps,
    day.forecast_proof.root,
    day.forecasts.map(forecastOf),
    day.forecast_proof,
    day.actuals_proof.root,
    day.actuals.map(actualOf),
    day.actuals_proof,
  ] as const;

describe("golden scores", async () => {
  const { viem } = await network.create();
  const scorer = await viem.deployContract("QuantileScorer");

  it("scores every case as Python does", async () => {
    for (const { name, levels_bps, values_milli, actual_milli, capacity_milli, score } of golden.scores) {
      const found = await scorer.read.score([
        levels_bps,
        values_milli.map(BigInt),
        BigInt(actual_milli),
        BigInt(capacity_milli),
      ]);
      assert.equal(found.toString(), score, name);
    }
  });

  it("hashes every leaf of actuals as Python does", async () => {
    for (const leaf of [...golden.actual_leaves, ...golden.days.flatMap((day) => day.actuals)]) {
      assert.equal(await scorer.read.actualLeafHash([actualOf(leaf)]), leaf.hash, leaf.series_id);
    }
  });

  it("proves many leaves as @openzeppelin/merkle-tree does", () => {
    for (const { indices, leaves, root, proof, flags } of golden.multiproofs) {
      const tree = SimpleMerkleTree.of(leaves, { sortLeaves: false });
      assert.equal(tree.root, root);
      const made = tree.getMultiProof(indices);
      assert.deepEqual(made.proof, proof);
      assert.deepEqual(made.proofFlags, flags);
      assert.deepEqual(
        made.leaves,
        indices.map((i) => leaves[i]),
        "in the order of the tree",
      );
    }
  });

  it("sums many periods under both roots", async () => {
    for (const day of golden.days) {
      assert.equal((await scorer.read.scoreMany(callOf(day))).toString(), day.sum, day.name);
    }
  });

  it("refuses two leaves in the wrong order, and a leaf twice", async () => {
    const day = golden.days.at(-1)!;
    const swap = <T>(list: T[]): T[] => [list[1]!, list[0]!, ...list.slice(2)];
    const repeat = <T>(list: T[]): T[] => [list[0]!, list[0]!, ...list.slice(2)];
    for (const [change, why] of [[swap, "swapped"], [repeat, "repeated"]] as const) {
      // The last two leaves of an odd tree are hashed with others: a swap of the first two is a swap of siblings.
      const turned = { ...day, forecasts: change(day.forecasts), actuals: change(day.actuals) };
      const asked = scorer.read.scoreMany(callOf(turned));
      if (why === "swapped") assert.equal((await asked).toString(), day.sum, "siblings have no order");
      else await assert.rejects(asked, /NotUnderRoot/);
    }
    const far = { ...day, forecasts: day.forecasts.toReversed(), actuals: day.actuals.toReversed() };
    await assert.rejects(scorer.read.scoreMany(callOf(far)), /NotUnderRoot/);
  });
});
