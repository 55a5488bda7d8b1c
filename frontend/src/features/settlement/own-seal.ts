/**
 * A run sealed by a person's own authority: leaves, root and batch as gridseal.notary makes them, and the typed data
 * that a wallet signs. Pure; golden vectors compare it with Python and Solidity.
 */
import { hmac } from "@noble/hashes/hmac";
import { sha256 } from "@noble/hashes/sha2";
import { nameHash } from "@/artifacts/verifier/abi";
import type { Batch } from "@/artifacts/verifier/batch";
import { type Bytes, compare, toHex } from "@/artifacts/verifier/bytes";
import { type Json, parseJson } from "@/artifacts/verifier/json";
import { leafHash, levelsHash } from "@/artifacts/verifier/leaf";
import { rootOf } from "@/artifacts/verifier/merkle";

/** Where the authority stands in its chain of batches. */
export interface Link {
  prevBatch: string;
  nonce: bigint;
}

type Fields = { [key: string]: Json };

function fields(value: Json | undefined): Fields {
  if (value === null || typeof value !== "object" || Array.isArray(value)) throw unreadable();
  return value;
}

function text(value: Json | undefined): string {
  if (typeof value !== "string") throw unreadable();
  return value;
}

function whole(value: Json | undefined): bigint {
  if (typeof value !== "bigint") throw unreadable();
  return value;
}

function list(value: Json | undefined): Json[] {
  if (!Array.isArray(value)) throw unreadable();
  return value;
}

const unreadable = () => new Error("the run is not of the form forecast-run/1");
const moment = (value: Json | undefined) => BigInt(Math.floor(Date.parse(text(value)) / 1000));

interface OwnLeaf {
  series: Bytes;
  seriesId: string;
  targetStart: bigint;
  resolutionS: bigint;
  valuesMilli: bigint[];
}

/** By hash of the series and then time: a leaf's place is its index. */
function leavesOf(run: Fields): OwnLeaf[] {
  const leaves = list(run.series).flatMap((one) => {
    const series = fields(one);
    const seriesId = text(series.series_id);
    const head = { series: nameHash(seriesId), seriesId, resolutionS: whole(series.resolution_s) };
    return list(series.points).map((each) => {
      const point = fields(each);
      const valuesMilli = list(point.values_milli).map(whole);
      return { ...head, targetStart: moment(point.target_start), valuesMilli };
    });
  });
  return leaves.sort((a, b) => compare(a.series, b.series) || Number(a.targetStart - b.targetStart));
}

/** Salt of a leaf: HMAC-SHA256 under the batch's secret. Opening one leaf opens no other. */
function saltOf(secret: Bytes, index: number): Bytes {
  const place = new Uint8Array(8);
  new DataView(place.buffer).setBigUint64(0, BigInt(index));
  return hmac(sha256, secret, place);
}

/**
 * The batch of a run.
 *
 * @param document The run as forecast-service sends it, as text: values beyond 2^53 must not be rounded.
 * @param secret 32 random bytes; who has them can open every leaf.
 */
export function batchOf(document: string, secret: Bytes, link: Link): Batch {
  const run = fields(parseJson(document));
  const leaves = leavesOf(run);
  const hashes = leaves.map((leaf, index) => leafHash({ ...leaf, salt: saltOf(secret, index) }));
  return {
    root: toHex(rootOf(hashes)),
    leafCount: BigInt(leaves.length),
    productId: toHex(nameHash(text(run.product_id))),
    regionId: toHex(nameHash(text(run.region_id))),
    slot: moment(run.slot),
    version: whole(run.version),
    levelsHash: toHex(levelsHash(list(run.levels_bps).map(whole))),
    modelHash: text(run.model_hash),
    featureHash: text(run.feature_hash),
    issuedAt: moment(run.issued_at),
    gateClosure: moment(run.gate_closure),
    deliveryStart: moment(run.delivery_start),
    ...link,
  };
}

const FIELDS: readonly (readonly [keyof Batch, string])[] = [
  ["root", "bytes32"],
  ["leafCount", "uint32"],
  ["productId", "bytes32"],
  ["regionId", "bytes32"],
  ["slot", "uint64"],
  ["version", "uint32"],
  ["levelsHash", "bytes32"],
  ["modelHash", "bytes32"],
  ["featureHash", "bytes32"],
  ["issuedAt", "uint64"],
  ["gateClosure", "uint64"],
  ["deliveryStart", "uint64"],
  ["prevBatch", "bytes32"],
  ["nonce", "uint256"],
];

/** The EIP-712 document for `eth_signTypedData_v4`, as text. Numbers as text: wallets read both, JSON rounds. */
export function typedData(batch: Batch, chainId: number, registry: string): string {
  const message = Object.fromEntries(FIELDS.map(([name]) => [name, batch[name].toString()]));
  return JSON.stringify({
    domain: { name: "GridsealForecastRegistry", version: "1", chainId, verifyingContract: registry },
    primaryType: "ForecastBatch",
    types: {
      EIP712Domain: [
        { name: "name", type: "string" },
        { name: "version", type: "string" },
        { name: "chainId", type: "uint256" },
        { name: "verifyingContract", type: "address" },
      ],
      ForecastBatch: FIELDS.map(([name, type]) => ({ name, type })),
    },
    message,
  });
}

/** What must be kept to open the batch later: the run, the secret, and the batch that was signed. */
export function openingFile(document: string, secret: Bytes, batch: Batch, authority: string): string {
  const plain = Object.fromEntries(FIELDS.map(([name]) => [name, batch[name].toString()]));
  const head = JSON.stringify({
    format: "gridseal-opening/1",
    authority,
    secret: toHex(secret),
    batch: plain,
  });
  return `${head.slice(0, -1)},"run":${document.trim()}}\n`;
}
