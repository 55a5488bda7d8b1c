/** Refusals as sentences. Pure. */
import { dayAndTime } from "@/lib/time";
import type { ErrorSentences, Say } from "@/words/contract-errors";
import type { en } from "@/words/en/wallet";
import { formatAmount } from "./amount";
import type { Refusal } from "./refusal";

export interface Token {
  symbol: string;
  decimals: number;
}

/** A moment of the chain, in seconds. */
export function momentText(seconds: number | bigint | string): string {
  return `${dayAndTime(Number(seconds) * 1000, "UTC")} UTC`;
}

export function refusalText(refusal: Refusal, words: typeof en, token: Token, language: string): string {
  const { refusals } = words;
  if (refusal.kind === "other") return refusals.other(refusal.message);
  if (refusal.kind !== "reverted" || !refusal.error) return refusals[refusal.kind];
  const { name, args } = refusal.error;
  const say: Say = {
    time: (index) => momentText(args[index] ?? "0"),
    amount: (index) =>
      `${formatAmount(BigInt(args[index] ?? "0"), token.decimals, language)} ${token.symbol}`,
  };
  const sentence = (words.errors as ErrorSentences)[name];
  return refusals.contract(sentence ? sentence(args, say) : words.unknownError(name));
}
