// Every check of a proof file by name, in the order in which `gridseal verify` makes them. A file is good only
// if each check was made and passed.

import { address, bytes32, keccak, nameHash, selector, toBigInt, uint, wordAt } from "./abi.ts";
import { batchDigest, batchHash, recover } from "./batch.ts";
import { type Bytes, concat, fromHex, same, toHex, utf8 } from "./bytes.ts";
import { type ChainView, type Receipt, type ReceiptLog } from "./chain.ts";
import { type RegistryCode, isRegistry } from "./code.ts";
import { leafHash, levelsHash } from "./leaf.ts";
import { rootFromProof } from "./merkle.ts";
import { checkOrigin } from "./origin.ts";
import type { ProofFile, ProofPoint } from "./proof_file.ts";

export interface Check {
  readonly name: string;
  readonly passed: boolean;
  readonly detail: string;
}

const NOTARIZED = keccak(utf8("BatchNotarized(bytes32,address,bytes32,uint64,uint32,uint32,uint64,bytes32)"));
const RECORDED = keccak(utf8("Recorded(bytes32,address)"));
const RECORD = selector("record(address,bytes32,uint64)");

export const verdict = (checks: readonly Check[]): boolean => checks.length > 0 && checks.every((c) => c.passed);

/** What the file itself must satisfy: names, times, leaves, signature. */
export function checkOffline(proof: ProofFile): Check[] {
  return [...checkHeader(proof), ...checkPoints(proof), checkSignature(proof), checkEnvelope(proof), ...checkOrigin(proof)];
}

/** What a node of the chain must confirm: contract, inclusion, events, the gate, the record. */
export async function checkChain(proof: ProofFile, chain: ChainView, code: RegistryCode): Promise<Check[]> {
  const { envelope, batch } = proof;
  const found = await chain.chainId();
  const checks: Check[] = [check("chain id", found === envelope.chainId, `node serves chain ${found}`)];
  if (found !== envelope.chainId) return checks;
  checks.push(check("registry", isRegistry(await chain.code(envelope.contract), code), [
    "the contract is the ForecastRegistry of this release",
    "another contract, or another release of it, answers at this address",
  ]));
  const receipt = await chain.receipt(envelope.txHash);
  if (receipt === null) return [...checks, check("inclusion", false, "the node knows no such transaction")];
  const included = receipt.succeeded && receipt.blockNumber === envelope.blockNumber;
  const depth = (await chain.height()) - receipt.blockNumber;
  checks.push(check("inclusion", included, `transaction is in block ${receipt.blockNumber}, ${depth} blocks deep`));
  checks.push(
    check("block hash", receipt.blockHash.toLowerCase() === envelope.blockHash, ["the block is the one named", "another block now"]),
  );
  checks.push(check("commitment", isCommitment(proof, receipt), ["ERC-8281 log of this root", "no such log at the place named"]));
  checks.push(
    check("event", receipt.logs.some((log) => isEventOf(proof, log)), [
      "the registry logged this root, product, slot and authority",
      "the registry logged no such batch in this transaction",
    ]),
  );
  checks.push(checkGate(batch.gateClosure, await chain.blockTime(receipt.blockNumber)));
  checks.push(await checkRecord(proof, chain));
  return checks;
}

function check(name: string, passed: boolean, detail: string | readonly [string, string]): Check {
  return { name, passed, detail: typeof detail === "string" ? detail : detail[passed ? 0 : 1] };
}

function checkHeader({ forecast, batch }: ProofFile): Check[] {
  const stated: [string, boolean][] = [
    ["product", toHex(nameHash(forecast.productId)) === batch.productId],
    ["region", toHex(nameHash(forecast.regionId)) === batch.regionId],
    ["quantile levels", toHex(levelsHash(forecast.levelsBps)) === batch.levelsHash],
    ["slot", forecast.slot === batch.slot],
    ["issue time", forecast.issuedAt === batch.issuedAt],
  ];
  const first = forecast.points.reduce((low, p) => (p.targetStart < low ? p.targetStart : low), forecast.points[0]!.targetStart);
  const early = batch.gateClosure <= batch.deliveryStart && batch.deliveryStart <= first;
  return [
    ...stated.map(([name, good]) => check(name, good, ["as signed", "the readable part differs from the signed batch"])),
    check("gate before delivery", early, `gate ${utc(batch.gateClosure)}, delivery ${utc(batch.deliveryStart)}`),
  ];
}

function checkPoints(proof: ProofFile): Check[] {
  const { points } = proof.forecast;
  const good = points.filter((point) => leadsToRoot(proof, point)).length;
  const ordered = points.every(({ valuesMilli: v }) => v.every((value, i) => i === 0 || v[i - 1]! <= value));
  const once = new Set(points.map((p) => p.targetStart)).size === points.length;
  return [
    check("Merkle proofs", good === points.length, `${good} of ${points.length} periods lead to the signed root`),
    check("each period once", once, ["no period stands twice", "two answers for one period"]),
    check("quantiles in order", ordered, ["values never decrease along the levels", "crossing quantiles"]),
  ];
}

function leadsToRoot({ forecast, batch }: ProofFile, point: ProofPoint): boolean {
  if (point.valuesMilli.length !== forecast.levelsBps.length || point.leafIndex >= batch.leafCount) return false;
  const { seriesId, resolutionS } = forecast;
  const { targetStart, valuesMilli } = point;
  const leaf = leafHash({ seriesId, resolutionS, targetStart, valuesMilli, salt: fromHex(point.salt) });
  return toHex(rootFromProof(leaf, point.proof.map(fromHex))) === batch.root;
}

function checkSignature({ batch, envelope, authority, signature, signer }: ProofFile): Check {
  if (signer === "contract") {
    return check("signature", true, "a contract signs; the registry asked it, which the event shows");
  }
  try {
    const found = recover(batchDigest(batch, envelope.chainId, envelope.contract), fromHex(signature));
    return check("signature", found.toLowerCase() === authority.toLowerCase(), `signed by ${found}`);
  } catch {
    return check("signature", false, "not a signature");
  }
}

function checkEnvelope({ envelope, batch, authority }: ProofFile): Check {
  const fits = envelope.digest === batch.root && envelope.committer.toLowerCase() === authority.toLowerCase();
  return check("envelope", fits, ["names the signed root and its authority", "names another root or another authority"]);
}

function isCommitment({ envelope }: ProofFile, receipt: Receipt): boolean {
  const log = receipt.logs[Number(envelope.receiptLogPosition)];
  return (
    log !== undefined &&
    log.address.toLowerCase() === envelope.contract.toLowerCase() &&
    log.topics.length === 3 &&
    same(log.topics[0]!, RECORDED) &&
    same(log.topics[1]!, fromHex(envelope.digest)) &&
    same(log.topics[2]!, address(envelope.committer))
  );
}

function isEventOf({ envelope, batch, authority }: ProofFile, log: ReceiptLog): boolean {
  if (log.address.toLowerCase() !== envelope.contract.toLowerCase() || log.topics.length !== 4) return false;
  const topics: Bytes[] = [NOTARIZED, fromHex(batch.root), address(authority), fromHex(batch.productId)];
  const data = concat(
    uint(batch.slot, 64),
    uint(batch.version, 32),
    uint(batch.leafCount, 32),
    uint(batch.gateClosure, 64),
    batchHash(batch),
  );
  return log.topics.every((topic, i) => same(topic, topics[i]!)) && same(log.data, data);
}

function checkGate(gate: bigint, minedAt: bigint): Check {
  const lead = gate - minedAt;
  const text = lead > 0n ? `sealed ${utc(minedAt)}, ${lead} s before the gate` : `sealed ${-lead} s after the gate`;
  return check("before the gate", lead > 0n, text);
}

async function checkRecord({ envelope, batch, authority }: ProofFile, chain: ChainView): Promise<Check> {
  const asked = concat(RECORD, address(authority), bytes32(fromHex(batch.productId)), uint(batch.slot, 64));
  const answer = await chain.call(envelope.contract, asked);
  if (answer.length !== 32) return check("counts for the slot", false, "no registry answers at this address");
  const counts = toBigInt(wordAt(answer, 0)) !== 0n && same(answer, batchHash(batch));
  return check("counts for the slot", counts, ["this is the batch that counts", "another batch counts for this slot"]);
}

/** RFC 3339 of Unix seconds; the number itself where no calendar reaches. */
export function utc(seconds: bigint): string {
  if (seconds > 253_402_300_799n) return `${seconds}`;
  return new Date(Number(seconds) * 1000).toISOString().replace(".000Z", "Z");
}
