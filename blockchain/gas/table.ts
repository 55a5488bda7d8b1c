// Prints gas of our operations and of the peers' as one line of JSON: `EAS=folder hardhat run gas/table.ts`.
import { network } from "hardhat";
import { CANCUN, measure } from "./measure.ts";
import { measureMoney } from "./money.ts";
import { measurePeers } from "./peers.ts";

const eas = process.env.EAS;
if (eas === undefined) throw new Error("EAS must name the folder of the unpacked eas-contracts package");
const own = new URL("../", import.meta.url).pathname;
const both = async (...chain: Parameters<typeof network.create>) => ({
  ...(await measure(await network.create(...chain))),
  ...(await measureMoney(await network.create(...chain))),
});
const ours = await both(CANCUN);
const newest = await both();
const peers = await measurePeers(await network.create(CANCUN), eas, own);
console.log(JSON.stringify({ ours, newest, peers }));
