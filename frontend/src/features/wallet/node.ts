/** The chain's node, through our own origin. Answers of one moment are asked for together. */
import type { Hex, Provider } from "./provider";

export const CHAIN_ROUTE = "/api/v1/chain";

export interface Question {
  method: string;
  params: readonly unknown[];
}

/** An error that the node gave; `data` may hold the bytes of a revert. */
export class NodeRefusal extends Error {
  readonly code: number;
  readonly data: unknown;

  constructor(message: string, code: number, data: unknown) {
    super(message);
    this.name = "NodeRefusal";
    this.code = code;
    this.data = data;
  }
}

/** The node or the way to it does not answer. */
export class NodeAway extends Error {
  constructor() {
    super("the chain's node does not answer");
    this.name = "NodeAway";
  }
}

type Told = { id: number; result?: unknown; error?: { code?: number; message?: string; data?: unknown } };

export interface Node {
  /** Answers in the order of the questions; a refused one is a NodeRefusal in its place. */
  askAll(questions: readonly Question[]): Promise<unknown[]>;
  ask(method: string, ...params: unknown[]): Promise<unknown>;
}

export function nodeAt(url: string = CHAIN_ROUTE): Node {
  const askAll = async (questions: readonly Question[]): Promise<unknown[]> => {
    if (questions.length === 0) return [];
    const body = questions.map((asked, id) => ({ jsonrpc: "2.0", id, ...asked }));
    let told: unknown;
    try {
      const answer = await fetch(url, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
      });
      if (!answer.ok) throw new NodeAway();
      told = await answer.json();
    } catch {
      throw new NodeAway();
    }
    const byId = new Map((Array.isArray(told) ? (told as Told[]) : []).map((one) => [one.id, one]));
    return questions.map((_, id) => resultOf(byId.get(id)));
  };
  const ask = async (method: string, ...params: unknown[]) => {
    const [answer] = await askAll([{ method, params }]);
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { askAll, ask };
}

function resultOf(told: Told | undefined): unknown {
  if (told?.error) {
    return new NodeRefusal(told.error.message ?? "no reason", told.error.code ?? 0, told.error.data);
  }
  if (told === undefined || !("result" in told)) return new NodeAway();
  return told.result;
}

/** Whether two texts of hexadecimal digits are the same; letters may differ in case. */
export const sameHex = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** What a wallet answers, where it must be hexadecimal text. */
export async function hexFrom(provider: Provider, method: string, params: readonly unknown[]): Promise<Hex> {
  const answer = await provider.request({ method, params });
  if (typeof answer !== "string" || !/^0x[0-9a-fA-F]*$/.test(answer)) {
    throw new Error(`the wallet gave no usable answer to ${method}`);
  }
  return answer as Hex;
}
