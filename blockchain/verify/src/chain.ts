// The six questions that are put to any JSON-RPC node.

import { type Bytes, fromHex, toHex } from "./bytes.ts";

export interface ReceiptLog {
  readonly address: string;
  readonly topics: readonly Bytes[];
  readonly data: Bytes;
}

export interface Receipt {
  readonly succeeded: boolean;
  readonly blockNumber: bigint;
  readonly blockHash: string;
  readonly logs: readonly ReceiptLog[];
}

export interface ChainView {
  chainId(): Promise<bigint>;
  height(): Promise<bigint>;
  receipt(txHash: string): Promise<Receipt | null>;
  /** Unix seconds. */
  blockTime(blockNumber: bigint): Promise<bigint>;
  call(to: string, data: Bytes): Promise<Bytes>;
  code(at: string): Promise<Bytes>;
}

/** The node does not answer, or not what was asked. */
export class NodeError extends Error {}

type Answer = { result?: unknown; error?: { message?: string } };
type RawLog = { address: string; topics: string[]; data: string };

/** A node behind HTTP. */
export class JsonRpcChain implements ChainView {
  readonly #url: string;
  #id = 0;

  constructor(url: string) {
    this.#url = url;
  }

  async chainId(): Promise<bigint> {
    return this.#number("eth_chainId");
  }

  async height(): Promise<bigint> {
    return this.#number("eth_blockNumber");
  }

  async receipt(txHash: string): Promise<Receipt | null> {
    const raw = (await this.#ask("eth_getTransactionReceipt", txHash)) as Record<string, unknown> | null;
    if (raw === null) return null;
    const logs = (raw.logs as RawLog[]).map(({ address, topics, data }) => ({
      address,
      topics: topics.map(lower),
      data: lower(data),
    }));
    return {
      succeeded: BigInt(raw.status as string) === 1n,
      blockNumber: BigInt(raw.blockNumber as string),
      blockHash: raw.blockHash as string,
      logs,
    };
  }

  async blockTime(blockNumber: bigint): Promise<bigint> {
    const block = (await this.#ask("eth_getBlockByNumber", `0x${blockNumber.toString(16)}`, false)) as { timestamp: string } | null;
    if (block === null) throw new NodeError(`the node does not know block ${blockNumber}`);
    return BigInt(block.timestamp);
  }

  async call(to: string, data: Bytes): Promise<Bytes> {
    return lower((await this.#ask("eth_call", { to, data: toHex(data) }, "latest")) as string);
  }

  async code(at: string): Promise<Bytes> {
    return lower((await this.#ask("eth_getCode", at, "latest")) as string);
  }

  async #number(method: string): Promise<bigint> {
    return BigInt((await this.#ask(method)) as string);
  }

  async #ask(method: string, ...params: unknown[]): Promise<unknown> {
    this.#id += 1;
    let answer: Answer;
    try {
      const response = await fetch(this.#url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ jsonrpc: "2.0", id: this.#id, method, params }),
      });
      answer = (await response.json()) as Answer;
    } catch {
      throw new NodeError(`the chain node does not answer ${method}: check the address, and that it allows this page (CORS)`);
    }
    if (answer.error !== undefined) throw new NodeError(`the chain node refused ${method}: ${answer.error.message ?? "no reason"}`);
    if (answer.result === undefined) throw new NodeError(`the chain node gave no answer to ${method}`);
    return answer.result;
  }
}

const lower = (hex: string): Bytes => fromHex(hex.toLowerCase());
