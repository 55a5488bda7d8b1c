// Gas is what `gas/snapshot.json` says, to the unit: a change of it is seen in review. After a wanted change:
// `UPDATE_GAS=1 npx hardhat test nodejs test/gas.ts`.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import { network } from "hardhat";
import { CANCUN, measure } from "../gas/measure.ts";
import { measureMoney } from "../gas/money.ts";

const SNAPSHOT = new URL("../gas/snapshot.json", import.meta.url);
const VALUES = 864;

describe("gas", async () => {
  const seals = await measure(await network.create(CANCUN));
  const found = { ...seals, ...(await measureMoney(await network.create(CANCUN))) };

  it("is what the snapshot says", () => {
    if (process.env.UPDATE_GAS) writeFileSync(SNAPSHOT, `${JSON.stringify(found, null, 1)}\n`);
    assert.deepEqual(found, JSON.parse(readFileSync(SNAPSHOT, "utf8")));
  });

  it("stays under the project's goals", () => {
    assert.ok(found.notarize! / VALUES <= 95, "gas per quantile value of a day of 96 periods and 9 levels");
    assert.ok(found.score_one_period_of_9_levels! <= 46_000, "one period");
    assert.ok(found.score_day_of_96_periods_of_9_levels! <= 2_900_000, "one day");
  });
});
