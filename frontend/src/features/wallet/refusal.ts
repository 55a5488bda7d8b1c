/** Why something was not done: told apart from what wallets, nodes and contracts say. Pure. */
import { codeOf, type Hex } from "./provider";

export interface ContractError {
  name: string;
  /** As text: whole numbers in decimal, bytes and addresses in hexadecimal. */
  args: readonly string[];
}

export type Refusal =
  | { kind: "rejected" }
  | { kind: "reverted"; error: ContractError | null }
  | { kind: "wrong-chain" }
  | { kind: "unknown-chain" }
  | { kind: "not-allowed" }
  | { kind: "busy" }
  | { kind: "away" }
  | { kind: "nonce" }
  | { kind: "funds" }
  | { kind: "chain-reset" }
  | { kind: "other"; message: string };

/** Decodes the bytes that a contract reverted with, or nothing where they are no known error. */
export type Decode = (data: Hex) => ContractError | null;

const LONGEST_MESSAGE = 300;

export function refusalOf(error: unknown, decode: Decode): Refusal {
  const data = revertData(error);
  if (data !== null) return { kind: "reverted", error: decode(data) };
  const message = messageOf(error);
  const byNumber = BY_CODE[codeOf(error) ?? 0];
  if (byNumber) return { kind: byNumber };
  if (/user (rejected|denied)|rejected by user/i.test(message)) return { kind: "rejected" };
  if (/nonce (is )?too (low|high)|expected nonce|invalid nonce|nonce has already been used/i.test(message)) {
    return { kind: "nonce" };
  }
  if (/insufficient funds|doesn't have enough funds/i.test(message)) return { kind: "funds" };
  if (/chain ?id|wrong chain|another chain/i.test(message)) return { kind: "wrong-chain" };
  if (/revert/i.test(message)) return { kind: "reverted", error: null };
  return { kind: "other", message: message.slice(0, LONGEST_MESSAGE) };
}

/** EIP-1193, EIP-3326 and what wallets agree on. */
const BY_CODE: Readonly<
  Record<number, "rejected" | "not-allowed" | "busy" | "away" | "wrong-chain" | "unknown-chain">
> = {
  4001: "rejected",
  4100: "not-allowed",
  4900: "away",
  4901: "wrong-chain",
  4902: "unknown-chain",
  [-32002]: "busy",
};

/** The bytes of a revert, wherever a node or a wallet has put them. `0x` alone is a revert without a reason. */
export function revertData(error: unknown, depth = 0): Hex | null {
  if (typeof error !== "object" || error === null || depth > 5) return null;
  const { data, message, cause, error: inner } = error as Record<string, unknown>;
  const reverted = typeof message === "string" && /revert/i.test(message);
  if (typeof data === "string" && /^0x([0-9a-f]{2})*$/i.test(data) && (data.length >= 10 || reverted)) {
    return data as Hex;
  }
  return (
    revertData(data, depth + 1) ??
    revertData((data as { originalError?: unknown } | undefined)?.originalError, depth + 1) ??
    revertData(inner, depth + 1) ??
    revertData(cause, depth + 1)
  );
}

function messageOf(error: unknown): string {
  if (typeof error === "string") return error;
  if (typeof error !== "object" || error === null) return String(error);
  const { message, data } = error as { message?: unknown; data?: { message?: unknown } };
  const inner = typeof data?.message === "string" ? `${data.message} ` : "";
  return `${inner}${typeof message === "string" ? message : ""}`.trim() || "no reason";
}
