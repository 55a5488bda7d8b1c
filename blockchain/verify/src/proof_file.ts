// The proof file, version 2: read strictly. What is not exactly as specified in docs/trust.md is refused.

import { type Batch, checksummed } from "./batch.ts";
import { type Json, parseJson } from "./json.ts";

export interface ProofPoint {
  readonly targetStart: bigint;
  readonly valuesMilli: readonly bigint[];
  readonly leafIndex: bigint;
  readonly salt: string;
  readonly proof: readonly string[];
}

export interface Forecast {
  readonly runId: string;
  readonly productId: string;
  readonly regionId: string;
  readonly seriesId: string;
  readonly unit: string;
  readonly resolutionS: bigint;
  readonly slot: bigint;
  readonly issuedAt: bigint;
  readonly levelsBps: readonly bigint[];
  readonly points: readonly ProofPoint[];
}

/** ERC-8281: where on the chain the root was committed to. Its block hash is not optional here. */
export interface Envelope {
  readonly digest: string;
  readonly hashFunction: string;
  readonly chainId: bigint;
  readonly contract: string;
  readonly txHash: string;
  readonly blockNumber: bigint;
  readonly receiptLogPosition: bigint;
  readonly committer: string;
  readonly blockHash: string;
}

/** What the forecast came from, as far as its maker shows it. */
export interface Origin {
  /** The integers that the run's feature hash is taken over. */
  readonly inputs?: Uint8Array;
  readonly receipts: readonly { [key: string]: Json }[];
  /** Raw Ed25519 keys of the gateway. */
  readonly receiptKeys: readonly Uint8Array[];
}

export interface ProofFile {
  readonly forecast: Forecast;
  readonly batch: Batch;
  readonly authority: string;
  readonly signer: "account" | "contract";
  readonly signature: string;
  readonly envelope: Envelope;
  readonly origin: Origin | undefined;
}

export class ProofFileError extends Error {}

type Reader<T> = (value: Json, where: string) => T;

const refuse = (where: string, wanted: string): never => {
  throw new ProofFileError(`${where || "the file"} is not ${wanted}`);
};

/** The fields of an object, each once, none unknown. */
function fields<T>(value: Json, where: string, read: (get: <F>(name: string, reader: Reader<F>) => F) => T): T {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return refuse(where, "an object");
  const left = new Set(Object.keys(value));
  const result = read((name, reader) => {
    left.delete(name);
    const path = where ? `${where}.${name}` : name;
    return name in value ? reader(value[name]!, path) : reader(undefined as unknown as Json, path);
  });
  for (const name of left) throw new ProofFileError(`${where ? `${where}.` : ""}${name} is unknown`);
  return result;
}

const matching =
  (pattern: RegExp, wanted: string): Reader<string> =>
  (value, where) =>
    typeof value === "string" && pattern.test(value) ? value : refuse(where, wanted);

const between =
  (low: bigint, high: bigint): Reader<bigint> =>
  (value, where) =>
    typeof value === "bigint" && value >= low && value < high ? value : refuse(where, `a number from ${low} to ${high - 1n}`);

const listOf =
  <T>(reader: Reader<T>, atLeast = 0): Reader<readonly T[]> =>
  (value, where) =>
    Array.isArray(value) && value.length >= atLeast
      ? value.map((item, i) => reader(item, `${where}[${i}]`))
      : refuse(where, atLeast ? "a list with something in it" : "a list");

const optional =
  <T>(reader: Reader<T>): Reader<T | undefined> =>
  (value, where) =>
    value === undefined ? undefined : reader(value, where);

const uint = (bits: number) => between(0n, 1n << BigInt(bits));
const int64 = between(-(1n << 63n), 1n << 63n);
const text = matching(/^[\s\S]*$/u, "a text");
const slug = matching(/^[a-z0-9][a-z0-9.-]{0,62}$/, "a name");
const seriesId = matching(/^[a-z0-9][a-z0-9.-]{0,62}\/[a-z0-9][a-z0-9.-]{0,62}$/, "a series id");
const hash = matching(/^0x[0-9a-f]{64}$/, "32 bytes as lower-case hex");
const address = matching(/^0x[0-9a-fA-F]{40}$/, "an address");
const hexBytes = matching(/^0x(?:[0-9a-f]{2})*$/, "lower-case hex");
const decimal: Reader<bigint> = (value, where) =>
  typeof value === "string" && /^(?:0|[1-9]\d{0,77})$/.test(value) ? BigInt(value) : refuse(where, "a decimal number as text");

const checksummedAddress: Reader<string> = (value, where) => {
  const found = address(value, where);
  return checksummed(found) === found ? found : refuse(where, "an address with its EIP-55 check sum");
};

/** Unix seconds of an RFC 3339 moment with Z; fractions of a second are cut off. */
const moment: Reader<bigint> = (value, where) => {
  const wanted = "a moment such as 2026-06-01T00:00:00Z";
  const found = matching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z$/, wanted)(value, where);
  const whole = found.slice(0, 19);
  const ms = Date.parse(`${whole}Z`);
  // Date.parse takes 31 February for 3 March.
  if (Number.isNaN(ms) || ms < 0 || new Date(ms).toISOString().slice(0, 19) !== whole) return refuse(where, wanted);
  return BigInt(ms) / 1000n;
};

const base64: Reader<Uint8Array> = (value, where) => {
  const found = matching(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/, "base64")(value, where);
  return Uint8Array.from(atob(found), (c) => c.charCodeAt(0));
};

const point: Reader<ProofPoint> = (value, where) =>
  fields(value, where, (get) => ({
    targetStart: get("target_start", moment),
    valuesMilli: get("values_milli", listOf(int64, 1)),
    leafIndex: get("leaf_index", uint(32)),
    salt: get("salt", hash),
    proof: get("proof", listOf(hash)),
  }));

const forecast: Reader<Forecast> = (value, where) =>
  fields(value, where, (get) => ({
    runId: get("run_id", text),
    productId: get("product_id", slug),
    regionId: get("region_id", slug),
    seriesId: get("series_id", seriesId),
    unit: get("unit", text),
    resolutionS: get("resolution_s", between(1n, 1n << 32n)),
    slot: get("slot", moment),
    issuedAt: get("issued_at", moment),
    levelsBps: get("levels_bps", listOf(between(1n, 10_000n), 1)),
    points: get("points", listOf(point, 1)),
  }));

const batch: Reader<Batch> = (value, where) =>
  fields(value, where, (get) => ({
    root: get("root", hash),
    leafCount: get("leaf_count", between(1n, 1n << 32n)),
    productId: get("product_id", hash),
    regionId: get("region_id", hash),
    slot: get("slot", uint(64)),
    version: get("version", between(1n, 1n << 32n)),
    levelsHash: get("levels_hash", hash),
    modelHash: get("model_hash", hash),
    featureHash: get("feature_hash", hash),
    issuedAt: get("issued_at", uint(64)),
    gateClosure: get("gate_closure", uint(64)),
    deliveryStart: get("delivery_start", uint(64)),
    prevBatch: get("prev_batch", hash),
    nonce: get("nonce", uint(256)),
  }));

const envelope: Reader<Envelope> = (value, where) =>
  fields(value, where, (get) => {
    get("version", matching(/^erc8281\/1$/, "erc8281/1"));
    return {
      digest: get("digest", hash),
      hashFunction: get("hash_function", matching(/^keccak-256$/, "keccak-256")),
      chainId: get("chain_id", decimal),
      contract: get("contract", checksummedAddress),
      txHash: get("tx_hash", hash),
      blockNumber: get("block_number", decimal),
      receiptLogPosition: get("receipt_log_position", decimal),
      committer: get("committer", checksummedAddress),
      blockHash: get("block_hash", hash),
    };
  });

const receipt: Reader<{ [key: string]: Json }> = (value, where) =>
  value !== null && typeof value === "object" && !Array.isArray(value) ? value : refuse(where, "a receipt");

const receiptKey: Reader<Uint8Array> = (value, where) => {
  const raw = base64(value, where);
  return raw.length === 32 ? raw : refuse(where, "an Ed25519 key");
};

const origin: Reader<Origin> = (value, where) =>
  fields(value, where, (get) => {
    const inputs = get("inputs", optional(base64));
    return {
      ...(inputs === undefined ? {} : { inputs }),
      receipts: get("receipts", optional(listOf(receipt))) ?? [],
      receiptKeys: get("receipt_keys", optional(listOf(receiptKey))) ?? [],
    };
  });

/** Reads a proof file; throws ProofFileError or JsonError, naming the field and never its content. */
export function readProofFile(content: string): ProofFile {
  return fields(parseJson(content), "", (get) => {
    get("format", matching(/^gridseal-proof\/2$/, "gridseal-proof/2: other versions are not read"));
    return {
      forecast: get("forecast", forecast),
      batch: get("batch", batch),
      authority: get("authority", address),
      signer: get("signer", matching(/^(?:account|contract)$/, "account or contract")) as "account" | "contract",
      signature: get("signature", hexBytes),
      envelope: get("erc8281", envelope),
      origin: get("origin", optional(origin)),
    };
  });
}
