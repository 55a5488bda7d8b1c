// An authority whose account really delegates code (EIP-7702) signs as before: its kind was fixed when it was
// registered. The wallet code that it delegates to would refuse the signature.
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { network } from "hardhat";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";

import { aBatch, DOMAIN, TYPES } from "../gas/batches.ts";

describe("an authority that delegates code", async () => {
  const { viem } = await network.create();
  const [owner] = await viem.getWalletClients();
  const client = await viem.getPublicClient();
  const registry = await viem.deployContract("ForecastRegistry", [owner!.account.address]);
  const authority = privateKeyToAccount(generatePrivateKey());

  before(async () => {
    await registry.write.registerAuthority([authority.address, 1]);
    const wallet = await viem.deployContract("Wallet", [owner!.account.address]);
    const authorization = await authority.signAuthorization({
      chainId: await client.getChainId(),
      contractAddress: wallet.address,
      nonce: await client.getTransactionCount({ address: authority.address }),
    });
    await owner!.sendTransaction({ to: owner!.account.address, authorizationList: [authorization] });
    const code = await client.getCode({ address: authority.address });
    assert.equal(code, `0xef0100${wallet.address.slice(2)}`.toLowerCase(), "the account has code now");
  });

  it("still seals with its own signature", async () => {
    const batch = aBatch(await registry.read.lastBatch([authority.address]), 0n, (await client.getBlock()).timestamp);
    const domain = DOMAIN(await client.getChainId(), registry.address);
    const signature = await authority.signTypedData({
      domain,
      types: TYPES,
      primaryType: "ForecastBatch",
      message: batch,
    });
    await registry.write.notarize([batch, authority.address, signature]);
    assert.equal(
      await registry.read.record([authority.address, batch.productId, batch.slot]),
      await registry.read.hashBatch([batch]),
    );
  });
});
