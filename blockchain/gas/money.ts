// Gas of a round, from stakes to money, as whole transactions: one day of one series, three authorities of whom one is
// the benchmark. Like the seals, everything is fixed; before each step the clock stands at a fixed second.
import type { network } from "hardhat";
import { encodeAbiParameters, type Hex, keccak256, parseAbiParameters } from "viem";
import { aBatch, DOMAIN, nameHash, TYPES } from "./batches.ts";
import { dayOf, LEVELS, measured, START } from "./day.ts";
import { gasOf } from "./measure.ts";

type Connection = Awaited<ReturnType<typeof network.create>>;
type Account = Awaited<ReturnType<Connection["viem"]["getWalletClients"]>>[number];

const PERIODS = 96;
const DAY = 86_400n;
const ONE = 10n ** 18n;
const STAKE = 1_000n * ONE;
const PRODUCT = nameHash("site-24h");
const SERIES = nameHash("fr-grand-est/wind");
const WINDOW = DAY;
const UNBONDING = 14n * DAY;

/** All contracts on a new chain, with the module in its seat, a provider, and stakes and bonds approved. */
async function deploy({ viem }: Connection, admin: Account, people: Account[]) {
  const owner = admin.account.address;
  const registry = await viem.deployContract("ForecastRegistry", [owner]);
  const scorer = await viem.deployContract("QuantileScorer");
  const operations = await viem.deployContract("Operations", [Number(DAY), owner]);
  const token = await viem.deployContract("LocalToken", [owner]);
  const pool = await viem.deployContract("StakePool", [operations.address, token.address, UNBONDING, UNBONDING + 1n]);
  const arbiter = await viem.deployContract("Arbiter", [owner, 0n]);
  const judged = [operations.address, token.address, pool.address, arbiter.address] as const;
  const actuals = await viem.deployContract("ActualsRegistry", [...judged, ONE, WINDOW, WINDOW]);
  const parts = [operations.address, registry.address, pool.address, actuals.address, scorer.address] as const;
  const settlement = await viem.deployContract("Settlement", parts);
  await pool.write.proposeSettlement([settlement.address]);
  await pool.write.changeSettlement();
  await operations.write.grantRole([await operations.read.PROVIDER_ROLE(), owner]);
  for (const { account } of [admin, ...people]) {
    await token.write.mint([account.address, 10n * STAKE]);
    for (const spender of [pool.address, actuals.address]) await token.write.approve([spender, 10n * STAKE], { account });
    if (account !== admin.account) await registry.write.registerAuthority([account.address, 1]);
  }
  return { registry, pool, actuals, settlement };
}

/** Gas by operation, in the order in which they were done. */
export async function measureMoney(connection: Connection): Promise<Record<string, number>> {
  const { viem, networkHelpers } = connection;
  const [admin, benchmark, worse, better] = (await viem.getWalletClients()) as [Account, Account, Account, Account];
  const client = await viem.getPublicClient();
  const { registry, pool, actuals, settlement } = await deploy(connection, admin, [benchmark, worse, better]);
  const found: Record<string, number> = {};
  const used = async (name: string, hash: Hex): Promise<void> => {
    found[name] = await gasOf(client, name, hash);
  };
  const at = (moment: bigint) => networkHelpers.time.setNextBlockTimestamp(moment);

  await at(START - DAY / 2n);
  await settlement.write.setTerms([PRODUCT, START - DAY / 4n, terms(benchmark)]);
  for (const { account } of [worse, better]) {
    await used("stake", await pool.write.deposit([account.address, STAKE], { account }));
    await used("stake_more", await pool.write.deposit([account.address, STAKE], { account }));
    await used("join", await settlement.write.join([PRODUCT], { account }));
  }

  const chainId = await client.getChainId();
  const seal = async ({ account, signTypedData }: Account, middle?: (i: number) => number) => {
    const day = dayOf(PERIODS, SERIES, middle);
    const batch = {
      ...aBatch(await registry.read.lastBatch([account.address]), 0n, START - DAY / 4n),
      ...{ root: day.forecastTree.root as Hex, productId: PRODUCT, slot: START, levelsHash: LEVELS_HASH },
      ...{ gateClosure: START, deliveryStart: START },
    };
    const domain = DOMAIN(chainId, registry.address);
    const signature = await signTypedData({ account, domain, types: TYPES, primaryType: "ForecastBatch", message: batch });
    await registry.write.notarize([batch, account.address, signature]);
    return { authority: account.address, batch, call: day.call };
  };
  await at(START - DAY / 4n);
  const runs = [await seal(benchmark), await seal(better, measured)];

  const [, , , , root] = runs[0]!.call;
  await at(START + DAY);
  await used("propose_actuals", await actuals.write.propose([PRODUCT, START - DAY, root, PERIODS]));
  await used("propose_actuals", await actuals.write.propose([PRODUCT, START, root, PERIODS]));
  await at(START + 2n * DAY + 60n);
  await used("finalize_actuals", await actuals.write.finalize([PRODUCT, START]));
  await used("open_round_of_2", await settlement.write.open([PRODUCT, START]));
  for (const { authority, batch, call } of runs) {
    const [levels, , forecasts, forecastProof, , leaves, actualsProof] = call;
    const shown = [authority, batch, levels, forecasts, forecastProof, leaves, actualsProof] as const;
    await used("reveal_day_of_96_periods_of_9_levels", await settlement.write.reveal(shown, { gas: 16_000_000n }));
  }
  await at(START + 4n * DAY);
  await used("settle_round_of_2", await settlement.write.settle([PRODUCT, START]));
  const { state } = await settlement.read.round([PRODUCT, START]);
  if (state !== 2 || (await pool.read.stakeOf([better.account.address])) <= 2n * STAKE) throw new Error("no money moved");

  const { account } = better;
  const shares = await pool.read.sharesOf([account.address, account.address]);
  await used("start_unbonding", await pool.write.startUnbonding([account.address, shares / 2n], { account }));
  await at(START + 5n * DAY + UNBONDING);
  await used("withdraw", await pool.write.withdraw([1n], { account }));
  await used("withdraw_bond", await actuals.write.withdraw());
  return found;
}

const LEVELS_HASH = keccak256(encodeAbiParameters(parseAbiParameters("uint16[]"), [LEVELS]));

/** Nothing is free; the whole stake is lost for one ONE, but not more than 30 % of it. */
const terms = ({ account }: Account) => ({
  benchmark: account.address,
  levelsHash: LEVELS_HASH,
  gateWindow: 0n,
  revealWindow: WINDOW,
  threshold: 0n,
  slopeBps: 10_000,
  capBps: 3_000,
});
