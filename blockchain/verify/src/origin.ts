// What the forecast came from, where its maker shows it: the inputs behind the signed feature hash, and the
// gateway's receipts for the readings among them.

import { ed25519 } from "@noble/curves/ed25519";
import { sha256 } from "@noble/hashes/sha2";
import type { Batch } from "./batch.ts";
import { toHex, utf8 } from "./bytes.ts";
import type { Check } from "./check.ts";
import type { Json } from "./json.ts";
import type { ProofFile } from "./proof_file.ts";

/** Whether these bytes are what the run was computed from. */
export function checkInputs({ featureHash }: Batch, inputs: Uint8Array): Check {
  const passed = toHex(sha256(inputs)) === featureHash;
  return { name: "inputs", passed, detail: passed ? `${inputs.length} bytes of inputs have the signed hash` : "these are not the inputs that were signed" };
}

export function checkOrigin({ origin, batch }: ProofFile): Check[] {
  const checks: Check[] = [];
  if (origin?.inputs !== undefined) checks.push(checkInputs(batch, origin.inputs));
  if (origin !== undefined && origin.receipts.length > 0) {
    const keys = new Map(origin.receiptKeys.map((key) => [toHex(sha256(key)).slice(2, 18), key]));
    const good = origin.receipts.filter((receipt) => isSigned(receipt, keys)).length;
    const detail = `${good} of ${origin.receipts.length} receipts are signed by keys ${[...keys.keys()].sort().join(", ")}`;
    checks.push({ name: "receipts", passed: good === origin.receipts.length, detail });
  }
  return checks;
}

function isSigned(receipt: { [key: string]: Json }, keys: ReadonlyMap<string, Uint8Array>): boolean {
  const { signature, ...content } = receipt;
  const key = typeof receipt.key_id === "string" ? keys.get(receipt.key_id) : undefined;
  if (key === undefined || typeof signature !== "string" || !/^[A-Za-z0-9_-]{86}$/.test(signature)) return false;
  const raw = atob(`${signature.replaceAll("-", "+").replaceAll("_", "/")}==`);
  try {
    return ed25519.verify(Uint8Array.from(raw, (c) => c.charCodeAt(0)), utf8(canonical(content)), key);
  } catch {
    return false;
  }
}

/** RFC 8785 form of JSON whose numbers are whole: keys by UTF-16 code units, no spaces. */
export function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value === "bigint") return value.toString();
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key]!)}`).join(",")}}`;
}
