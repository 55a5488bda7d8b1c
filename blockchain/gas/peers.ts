// Gas of what others do with the same hashes, on the same node: Ethereum Attestation Service, from its published
// artifacts, and a contract that keeps one hash per transaction.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { network } from "hardhat";
import { type Abi, encodeAbiParameters, type Hex, parseAbiParameters, zeroAddress, zeroHash } from "viem";
import { nameHash } from "./batches.ts";

type Connection = Awaited<ReturnType<typeof network.create>>;
const MANY = 10;
const FIELDS = "bytes32 root, uint32 leafCount, bytes32 productId, uint64 slot, uint64 gateClosure";

const artifactAt = (path: string) => JSON.parse(readFileSync(path, "utf8")) as { abi: Abi; bytecode: Hex };

/** Gas by operation. `eas` is the folder of the unpacked npm package @ethereum-attestation-service/eas-contracts. */
export async function measurePeers({ viem }: Connection, eas: string, own: string): Promise<Record<string, number>> {
  const [payer] = await viem.getWalletClients();
  const client = await viem.getPublicClient();
  const found: Record<string, number> = {};

  const deploy = async ({ abi, bytecode }: { abi: Abi; bytecode: Hex }, args: unknown[]) => {
    const hash = await payer!.deployContract({ abi, bytecode, args });
    const { contractAddress } = await client.waitForTransactionReceipt({ hash });
    return { abi, address: contractAddress! };
  };
  const call = async (
    name: string,
    { abi, address }: Awaited<ReturnType<typeof deploy>>,
    functionName: string,
    args: unknown[],
  ) => {
    const hash = await payer!.writeContract({ abi, address, functionName, args, gas: 16_000_000n });
    const receipt = await client.waitForTransactionReceipt({ hash });
    if (receipt.status !== "success") throw new Error(`${name} failed`);
    found[name] = Number(receipt.gasUsed);
    return receipt;
  };

  const plain = await deploy(artifactAt(join(own, "artifacts/test/support/PlainHashes.sol/PlainHashes.json")), []);
  await call("plain_hash", plain, "record", [nameHash("a first one")]);
  await call("plain_hash", plain, "record", [nameHash("one")]);

  const published = (name: string) => artifactAt(join(eas, `artifacts/contracts/${name}.sol/${name}.json`));
  const schemas = await deploy(published("SchemaRegistry"), []);
  const service = await deploy(published("EAS"), [schemas.address]);
  const schemaOf = async (text: string): Promise<Hex> => {
    const receipt = await call("eas_register", schemas, "register", [text, zeroAddress, true]);
    return receipt.logs[0]!.topics[1]!;
  };
  const attestation = (data: Hex) => ({
    recipient: zeroAddress,
    expirationTime: 0n,
    revocable: true,
    refUID: zeroHash,
    data,
    value: 0n,
  });
  const five = await schemaOf(FIELDS);
  const batch = (i: number): Hex =>
    encodeAbiParameters(parseAbiParameters(FIELDS), [
      nameHash(`root ${i}`),
      96,
      nameHash("site-6h"),
      1_780_272_000n + 900n * BigInt(i),
      1_780_358_400n,
    ]);
  await call("eas_attest", service, "attest", [{ schema: five, data: attestation(batch(0)) }]);
  await call("eas_attest", service, "attest", [{ schema: five, data: attestation(batch(1)) }]);
  const hashes = Array.from({ length: MANY }, (_, i) => nameHash(`value ${i}`));
  const one = await schemaOf("bytes32 digest");
  await call(`eas_multi_attest_${MANY}`, service, "multiAttest", [[{ schema: one, data: hashes.map(attestation) }]]);
  await call("eas_timestamp", service, "timestamp", [nameHash("one more")]);
  await call(`eas_multi_timestamp_${MANY}`, service, "multiTimestamp", [hashes]);
  return found;
}
