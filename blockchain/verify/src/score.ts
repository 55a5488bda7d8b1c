// Pinball loss in whole numbers: the same rule as QuantileScorer, written down a second time.
// Gneiting & Raftery 2007, quantile score.

/** Unit of scores, the worst score of a period, and that of a period that was not revealed. */
export const ONE = 1_000_000_000_000_000_000n;
const BPS = 10_000n;

/**
 * Score of one period, rounded down, at most ONE: 2 * sum(loss) * ONE / (n * 10000 * capacity), where the loss of
 * level q and value v against outcome a is q(a - v) if a >= v, else (10000 - q)(v - a).
 */
export function scorePeriod(
  levelsBps: readonly bigint[],
  valuesMilli: readonly bigint[],
  actualMilli: bigint,
  capacityMilli: bigint,
): bigint {
  if (levelsBps.length === 0 || levelsBps.length !== valuesMilli.length) throw new RangeError("as many values as levels");
  if (levelsBps.some((level, i) => level <= (i === 0 ? 0n : levelsBps[i - 1]!) || level >= BPS)) {
    throw new RangeError("levels ascend between 0 and 10000");
  }
  if (capacityMilli <= 0n) throw new RangeError("a series without capacity cannot be scored");
  let loss = 0n;
  levelsBps.forEach((level, i) => {
    const miss = actualMilli - valuesMilli[i]!;
    loss += miss >= 0n ? level * miss : (BPS - level) * -miss;
  });
  const score = (2n * loss * ONE) / (BigInt(levelsBps.length) * BPS * capacityMilli);
  return score < ONE ? score : ONE;
}
