// Gas of what Gridseal's contracts do, as whole transactions (base cost and calldata included). Numbers, keys and
// times are fixed, so the same code gives the same gas. Deployments are not measured: a comment changes them.
import type { network } from "hardhat";
import { encodeFunctionData, type Hex, type PublicClient } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { aBatch, DOMAIN, nameHash, TYPES } from "./batches.ts";
import { dayOf, periodOf } from "./day.ts";

type Connection = Awaited<ReturnType<typeof network.create>>;
type Batch = ReturnType<typeof aBatch>;

/**
 * The rules of the chains that we bring: no floor under the price of calldata (EIP-7623, from Prague on). With it a
 * transaction that only scores pays the floor; a seal costs more than its floor anyway.
 */
export const CANCUN = { network: "default", override: { hardfork: "cancun" } } as const;

/** The second of the public Hardhat keys. */
const AUTHORITY = privateKeyToAccount("0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d");
const MANY = 10;
/** Near the first block of the test network; fixed, since a byte of zero costs less than another. */
const NOW = 1_780_200_123n;

/** Gas of a transaction that went through. */
export async function gasOf(client: PublicClient, name: string, hash: Hex): Promise<number> {
  const receipt = await client.waitForTransactionReceipt({ hash });
  if (receipt.status !== "success") throw new Error(`${name} failed`);
  return Number(receipt.gasUsed);
}

/** Gas by operation, in the order in which they were done. */
export async function measure({ viem }: Connection): Promise<Record<string, number>> {
  const [payer] = await viem.getWalletClients();
  const client = await viem.getPublicClient();
  const found: Record<string, number> = {};
  const used = async (name: string, hash: Hex): Promise<void> => {
    found[name] = await gasOf(client, name, hash);
  };

  const registry = await viem.deployContract("ForecastRegistry", [payer!.account.address]);
  await used("register_authority", await registry.write.registerAuthority([AUTHORITY.address, 1]));
  const domain = DOMAIN(await client.getChainId(), registry.address);
  const sign = (message: Batch): Promise<Hex> =>
    AUTHORITY.signTypedData({ domain, types: TYPES, primaryType: "ForecastBatch", message });
  const chain: Batch[] = [];
  const next = async (changes: Partial<Batch> = {}): Promise<Batch> => {
    const last = chain.at(-1);
    const link = last === undefined ? await registry.read.lastBatch([AUTHORITY.address]) : await registry.read.hashBatch([last]);
    const batch = { ...aBatch(link, BigInt(chain.length), NOW), ...changes };
    chain.push(batch);
    return batch;
  };
  const notarize = async (name: string): Promise<Batch> => {
    const batch = await next();
    await used(name, await registry.write.notarize([batch, AUTHORITY.address, await sign(batch)]));
    return batch;
  };

  await notarize("notarize_first_batch_of_an_authority");
  const previous = await notarize("notarize");
  const better = await next({ slot: previous.slot, version: 2 });
  await used("notarize_again", await registry.write.notarizeAgain([better, previous, AUTHORITY.address, await sign(better)]));
  const many: Batch[] = [];
  for (let i = 0; i < MANY; i++) many.push(await next());
  const signatures = await Promise.all(many.map(sign));
  await used(`notarize_many_${MANY}`, await registry.write.notarizeMany([many, AUTHORITY.address, signatures]));

  const scorer = await viem.deployContract("QuantileScorer");
  const score = async (name: string, data: Hex): Promise<void> =>
    used(name, await payer!.sendTransaction({ to: scorer.address, data, gas: 16_000_000n }));
  const day = dayOf(96, nameHash("fr-grand-est/wind"));
  const one = encodeFunctionData({ abi: scorer.abi, functionName: "scorePeriod", args: periodOf(day, 0) });
  await score("score_one_period_of_9_levels", one);
  const all = encodeFunctionData({ abi: scorer.abi, functionName: "scoreMany", args: day.call });
  await score("score_day_of_96_periods_of_9_levels", all);
  return found;
}
