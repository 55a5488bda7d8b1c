/** Every transaction that was asked of a wallet from this browser, each followed to its end. */
import { type Addresses, type Call, codedCall, decodeError } from "./contracts";
import { hexFrom, type Node, NodeAway } from "./node";
import { type Address, type Hex, hexOf, type Provider } from "./provider";
import { type Refusal, refusalOf } from "./refusal";
import { type Included, isOpen, NONE, type Sight, step, type TxEvent, type TxState } from "./tx-state";

export interface Entry {
  id: string;
  /** What it does, in plain words, as the person was told before signing. */
  says: string;
  from: Address;
  chainId: number;
  deployment: string;
  nonce: number | null;
  at: number;
  call: { to: Address; data: Hex; value: Hex };
  state: TxState;
}

/** Where the contracts are now, and after how many blocks something is final. */
export interface Place {
  chainId: number;
  deployment: string;
  confirmations: number;
  addresses: Addresses;
}

export interface Order {
  says: string;
  call: Call;
}

export interface Signer {
  provider: Provider;
  account: Address;
}

/** Where entries are kept over a reload; a browser's storage fits. */
export interface Shelf {
  read(): string | null;
  write(text: string): void;
}

const MOST = 20;
/** Blocks looked through for the transaction that took a nonce. */
const LOOK_BACK = 12;

export class TxBook {
  #entries: readonly Entry[];
  readonly #node: Node;
  readonly #shelf: Shelf;
  readonly #listeners = new Set<() => void>();
  #place: Place | null = null;

  constructor(node: Node, shelf: Shelf) {
    this.#node = node;
    this.#shelf = shelf;
    this.#entries = stored(shelf.read());
  }

  /** For useSyncExternalStore. */
  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
  entries = (): readonly Entry[] => this.#entries;

  /** Told whenever the service says where the contracts are: another deployment ends what was underway. */
  standAt(place: Place): void {
    this.#place = place;
  }

  find(id: string): Entry | undefined {
    return this.#entries.find((entry) => entry.id === id);
  }

  /** Asks the contract, then the wallet. Ends once it is sent or refused; `look` follows it from there. */
  async send(order: Order, signer: Signer, place: Place): Promise<string> {
    this.#place = place;
    const call = {
      to: place.addresses[order.call.contract],
      data: codedCall(order.call),
      value: hexOf(order.call.value ?? 0n),
    };
    const entry: Entry = {
      id: crypto.randomUUID(),
      says: order.says,
      from: signer.account,
      chainId: place.chainId,
      deployment: place.deployment,
      nonce: null,
      at: Date.now(),
      call,
      state: step(NONE, { type: "ask" }, place),
    };
    this.#set([entry, ...this.#entries].slice(0, MOST));
    const refusal = await this.#refusalBeforeSigning(entry, signer.provider);
    if (refusal) {
      this.#apply(entry.id, { type: "refused", refusal });
      return entry.id;
    }
    try {
      const params = [{ from: signer.account, ...call }];
      const hash = await hexFrom(signer.provider, "eth_sendTransaction", params);
      this.#apply(entry.id, { type: "sent", hash });
    } catch (error) {
      this.#apply(entry.id, { type: "refused", refusal: refusalOf(error, decodeError) });
    }
    return entry.id;
  }

  /** One look at everything that is underway. True if something still is. */
  async look(): Promise<boolean> {
    const place = this.#place;
    if (!place) return false;
    for (const entry of this.#entries.filter(
      ({ state }) => state.phase === "sent" || state.phase === "mined",
    )) {
      const sight = await this.#sight(entry, place.deployment).catch(() => null);
      if (!sight) continue;
      if (sight.nonce !== entry.nonce) this.#change(entry.id, { nonce: sight.nonce });
      this.#apply(entry.id, { type: "seen", sight });
      const after = this.find(entry.id)?.state;
      if (after?.phase === "failed" && after.refusal.kind === "reverted" && sight.receipt) {
        const refusal = await this.#reason(entry, sight.receipt);
        this.#change(entry.id, { state: { ...after, refusal } });
      }
    }
    return this.#entries.some(({ state }) => isOpen(state));
  }

  forget(id: string): void {
    this.#set(this.#entries.filter((entry) => entry.id !== id || entry.state.phase === "signing"));
  }

  /** A wallet signs for the chain that it is on; a contract says no for free before it is asked with money. */
  async #refusalBeforeSigning(entry: Entry, provider: Provider): Promise<Refusal | null> {
    try {
      const chain = Number(await hexFrom(provider, "eth_chainId", []));
      if (chain !== entry.chainId) return { kind: "wrong-chain" };
      await this.#node.ask("eth_call", { from: entry.from, ...entry.call }, "latest");
      return null;
    } catch (error) {
      return error instanceof NodeAway ? { kind: "away" } : refusalOf(error, decodeError);
    }
  }

  async #reason(entry: Entry, receipt: Included): Promise<Refusal> {
    try {
      const before = hexOf(Math.max(0, receipt.blockNumber - 1));
      await this.#node.ask("eth_call", { from: entry.from, ...entry.call }, before);
    } catch (error) {
      const refusal = refusalOf(error, decodeError);
      if (refusal.kind === "reverted") return refusal;
    }
    return { kind: "reverted", error: null };
  }

  async #sight(entry: Entry, deployment: string): Promise<Sight | null> {
    if (entry.state.phase !== "sent" && entry.state.phase !== "mined") return null;
    const { hash } = entry.state;
    const [receipt, known, count, head] = await this.#node.askAll([
      { method: "eth_getTransactionReceipt", params: [hash] },
      { method: "eth_getTransactionByHash", params: [hash] },
      { method: "eth_getTransactionCount", params: [entry.from, "latest"] },
      { method: "eth_blockNumber", params: [] },
    ]);
    if ([receipt, known, count, head].some((answer) => answer instanceof Error)) return null;
    const found = known as { nonce: string } | null;
    const nonce = found ? Number(found.nonce) : entry.nonce;
    const nextNonce = Number(count);
    const taken = !receipt && !found && nonce !== null && nextNonce > nonce;
    return {
      receipt: receipt ? includedOf(receipt as Record<string, string>) : null,
      known: found !== null,
      nonce,
      nextNonce,
      head: Number(head),
      deployment,
      instead: taken ? await this.#whoTook(entry.from, nonce, Number(head)) : null,
    };
  }

  async #whoTook(from: Address, nonce: number, head: number): Promise<Hex | null> {
    const numbers = Array.from({ length: Math.min(LOOK_BACK, head + 1) }, (_, i) => head - i);
    const blocks = await this.#node.askAll(
      numbers.map((number) => ({ method: "eth_getBlockByNumber", params: [hexOf(number), true] })),
    );
    for (const block of blocks) {
      const { transactions = [] } = (block ?? {}) as { transactions?: Record<string, string>[] };
      const one = transactions.find(
        (tx) => tx.from?.toLowerCase() === from.toLowerCase() && Number(tx.nonce) === nonce,
      );
      if (one) return one.hash as Hex;
    }
    return null;
  }

  #apply(id: string, event: TxEvent): void {
    const entry = this.find(id);
    if (!entry) return;
    const rules = { confirmations: this.#place?.confirmations ?? 1, deployment: entry.deployment };
    const state = step(entry.state, event, rules);
    if (state !== entry.state) this.#change(id, { state });
  }

  #change(id: string, change: Partial<Entry>): void {
    this.#set(this.#entries.map((entry) => (entry.id === id ? { ...entry, ...change } : entry)));
  }

  #set(entries: readonly Entry[]): void {
    this.#entries = entries;
    this.#shelf.write(JSON.stringify(entries));
    for (const listener of this.#listeners) listener();
  }
}

function includedOf(receipt: Record<string, string>): Included {
  return {
    blockNumber: Number(receipt.blockNumber),
    blockHash: receipt.blockHash ?? "",
    succeeded: BigInt(receipt.status ?? "0x0") === 1n,
  };
}

/** What was kept. A signature that was asked for before a reload cannot be followed: nobody knows its hash. */
function stored(text: string | null): readonly Entry[] {
  try {
    const found: unknown = JSON.parse(text ?? "[]");
    if (!Array.isArray(found)) return [];
    return (found as Entry[]).filter(
      (entry) => typeof entry?.id === "string" && entry.state?.phase && entry.state.phase !== "signing",
    );
  } catch {
    return [];
  }
}
