/** The contracts as the page speaks to them: calls coded, errors read. One list of ABIs, that of blockchain/abi. */
import { decodeErrorResult, decodeFunctionResult, encodeFunctionData } from "viem/utils";
import { abis } from "@/artifacts/abi";
import type { Node, Question } from "./node";
import type { Address, Hex } from "./provider";
import type { ContractError, Decode } from "./refusal";

export type ContractName = keyof typeof abis;
export type Addresses = Readonly<Record<ContractName, Address>>;

type AbiItem = { readonly type: string; readonly name?: string };
const ERRORS = Object.values(abis)
  .flatMap((abi) => abi as readonly AbiItem[])
  .filter((item) => item.type === "error");

/** Names of all errors that a contract of ours can give. */
export const ERROR_NAMES: readonly string[] = [...new Set(ERRORS.map((item) => item.name ?? ""))].sort();

/** One call of a contract, not yet coded. */
export interface Call {
  contract: ContractName;
  method: string;
  args: readonly unknown[];
  /** Wei to send along. */
  value?: bigint;
}

export function codedCall(call: Call): Hex {
  const asked = { abi: abis[call.contract], functionName: call.method, args: call.args };
  return encodeFunctionData(asked as Parameters<typeof encodeFunctionData>[0]);
}

function readAnswer(call: Call, data: Hex): unknown {
  const asked = { abi: abis[call.contract], functionName: call.method, args: call.args, data };
  return decodeFunctionResult(asked as Parameters<typeof decodeFunctionResult>[0]);
}

export const decodeError: Decode = (data): ContractError | null => {
  try {
    const found = decodeErrorResult({ abi: ERRORS as never, data }) as {
      errorName: string;
      args?: readonly unknown[];
    };
    return { name: found.errorName, args: (found.args ?? []).map(String) };
  } catch {
    return null;
  }
};

/** Answers of many views at one moment, in their order; the first that fails is thrown. */
export async function readAll(node: Node, at: Addresses, calls: readonly Call[]): Promise<unknown[]> {
  const questions: Question[] = calls.map((call) => ({
    method: "eth_call",
    params: [{ to: at[call.contract], data: codedCall(call) }, "latest"],
  }));
  const answers = await node.askAll(questions);
  return answers.map((answer, i) => {
    if (answer instanceof Error) throw answer;
    return readAnswer(calls[i] as Call, answer as Hex);
  });
}
