/** Which questions to the chain's node pass through our own origin. Reading only; wallets send by themselves. */
import * as z from "zod/mini";

const METHODS = [
  "eth_blockNumber",
  "eth_call",
  "eth_chainId",
  "eth_estimateGas",
  "eth_getBalance",
  "eth_getBlockByNumber",
  "eth_getCode",
  "eth_getLogs",
  "eth_getTransactionByHash",
  "eth_getTransactionCount",
  "eth_getTransactionReceipt",
] as const;

export const MOST_QUESTIONS = 64;
export const LARGEST_QUESTION = 131_072;

const Question = z.strictObject({
  jsonrpc: z.literal("2.0"),
  id: z.int(),
  method: z.enum(METHODS),
  params: z.array(z.unknown()).check(z.maxLength(4)),
});

/** One question, or a batch of them. */
export const Questions = z.union([
  Question,
  z.array(Question).check(z.minLength(1), z.maxLength(MOST_QUESTIONS)),
]);
