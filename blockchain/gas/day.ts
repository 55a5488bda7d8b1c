// One series' day of fixed forecasts and outcomes, in both trees.
import { SimpleMerkleTree } from "@openzeppelin/merkle-tree";
import { encodeAbiParameters, type Hex, keccak256, parseAbiParameters } from "viem";

export const LEVELS = [1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000];
export const START = 1_780_272_000n;
const FORECAST = parseAbiParameters("bytes32, uint64, uint32, int64[], bytes32");
const ACTUAL = parseAbiParameters("bytes32, uint64, uint32, int64, uint64, bytes32");

/** keccak256 twice, so that an inner node can never stand for a leaf. */
const leaf = (encoded: Hex): Hex => keccak256(keccak256(encoded));

// Up to 5 MW in thousandths of a watt: values as wide as a wind farm's.
const guessed = (i: number): number => 1_000_000_000 + ((i * 7_919_000_123) % 4_000_000_000);
/** What was measured in period i. */
export const measured = (i: number): number => 1_000_000_000 + ((i * 6_133_000_457) % 4_000_000_000);

function forecastAt(seriesId: Hex, i: number, middle: number) {
  return {
    seriesId,
    targetStart: START + 900n * BigInt(i),
    resolutionS: 900,
    valuesMilli: LEVELS.map((level) => BigInt(middle + 60_001 * (level - 5000))),
    salt: keccak256(encodeAbiParameters(parseAbiParameters("string, uint256"), ["forecast", BigInt(i)])),
  };
}

function actualAt(seriesId: Hex, i: number) {
  return {
    seriesId,
    targetStart: START + 900n * BigInt(i),
    resolutionS: 900,
    valueMilli: BigInt(measured(i)),
    capacityMilli: 5_000_000_000n,
    salt: keccak256(encodeAbiParameters(parseAbiParameters("string, uint256"), ["actual", BigInt(i)])),
  };
}

/** The day, its trees, and the arguments that score all of it. `middle` is the median of each period's forecast. */
export function dayOf(periods: number, seriesId: Hex, middle = guessed) {
  const places = Array.from({ length: periods }, (_, i) => i);
  const forecasts = places.map((i) => forecastAt(seriesId, i, middle(i)));
  const actuals = places.map((i) => actualAt(seriesId, i));
  const forecastTree = SimpleMerkleTree.of(
    forecasts.map((f) =>
      leaf(encodeAbiParameters(FORECAST, [f.seriesId, f.targetStart, f.resolutionS, f.valuesMilli, f.salt])),
    ),
    { sortLeaves: false },
  );
  const actualTree = SimpleMerkleTree.of(
    actuals.map((a) =>
      leaf(
        encodeAbiParameters(ACTUAL, [a.seriesId, a.targetStart, a.resolutionS, a.valueMilli, a.capacityMilli, a.salt]),
      ),
    ),
    { sortLeaves: false },
  );
  const proofOf = (tree: SimpleMerkleTree) => {
    const { proof, proofFlags } = tree.getMultiProof(places);
    return { proof: proof as Hex[], flags: proofFlags };
  };
  const call = [
    LEVELS,
    forecastTree.root as Hex,
    forecasts,
    proofOf(forecastTree),
    actualTree.root as Hex,
    actuals,
    proofOf(actualTree),
  ] as const;
  return { forecasts, actuals, forecastTree, actualTree, call };
}

/** The arguments that score one period of the day. */
export function periodOf(day: ReturnType<typeof dayOf>, i: number) {
  return [
    LEVELS,
    day.forecastTree.root as Hex,
    day.forecasts[i]!,
    day.forecastTree.getProof(i) as Hex[],
    day.actualTree.root as Hex,
    day.actuals[i]!,
    day.actualTree.getProof(i) as Hex[],
  ] as const;
}
