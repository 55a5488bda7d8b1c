"use client";
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from "react";
import type { Place } from "@/features/wallet/book";
import type { Addresses } from "@/features/wallet/contracts";
import type { Address } from "@/features/wallet/provider";
import { type Followed, useBook } from "@/features/wallet/use-book";
import { type Connected, useWallet } from "@/features/wallet/use-wallet";
import { type ApiProblem, getJson } from "@/lib/api";
import { usePolled } from "@/lib/use-polled";
import type { en } from "@/words/en/settlement";
import { settlementWords } from "@/words/settlement";
import { useLanguage, useWords } from "@/words/use-words";
import type { Facts } from "./plans";
import { Account, Contracts, Products, Stakes } from "./wire";

const EVERY_MS = 3_000;

export interface Settlement {
  contracts: Contracts | null;
  problem: ApiProblem | null;
  place: Place | null;
  products: Products | null;
  stakes: Stakes | null;
  account: Account | null;
  connected: Connected | null;
  /** Connected, and on the chain of this installation. */
  ready: boolean;
  followed: Followed;
  names: ReadonlyMap<string, string>;
  words: typeof en;
  language: string;
  /** What plans are made of; nothing before account and contracts are known. */
  facts: Facts | null;
  /** Loads anew what a transaction has changed. */
  refresh: () => void;
  /** Goes up by one with each `refresh`. */
  turn: number;
}

const Context = createContext<Settlement | null>(null);

export function useSettlement(): Settlement {
  const found = useContext(Context);
  if (!found) throw new Error("useSettlement is for what stands inside SettlementProvider");
  return found;
}

const loadContracts = (signal: AbortSignal) => getJson("/api/v1/contracts", Contracts, signal);
const loadProducts = (signal: AbortSignal) => getJson("/api/v1/settlements/products", Products, signal);

export function SettlementProvider({ children }: { children: ReactNode }) {
  const words = useWords(settlementWords);
  const { language } = useLanguage();
  const { connected } = useWallet();
  const [turn, setTurn] = useState(0);
  const refresh = useCallback(() => setTurn((old) => old + 1), []);
  const { data: contracts, problem } = usePolled(loadContracts, EVERY_MS);
  const products = usePolled(loadProducts, 5 * EVERY_MS, contracts !== null).data;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new turn asks again at once
  const loadStakes = useCallback(
    (signal: AbortSignal) => getJson("/api/v1/settlements/stakes", Stakes, signal),
    [turn],
  );
  const stakes = usePolled(loadStakes, 2 * EVERY_MS, contracts !== null).data;
  const account = useAccount(connected?.account ?? null, contracts !== null, turn);
  const place = usePlace(contracts);
  const followed = useBook(place);
  const settled = followed.entries.filter(
    ({ state }) => state.phase === "mined" || state.phase === "final",
  ).length;
  // biome-ignore lint/correctness/useExhaustiveDependencies: each transaction that reaches a block changes accounts
  useEffect(refresh, [settled, refresh]);

  const value = useMemo(() => {
    const named = (stakes?.items ?? []).flatMap((one) =>
      one.name ? [[one.authority, one.name] as const] : [],
    );
    const names = new Map(named);
    const facts = contracts && account ? { contracts, account, words, language, names } : null;
    const ready = connected !== null && contracts !== null && connected.chainId === contracts.chain_id;
    return {
      ...{ contracts, problem, place, products, stakes, account, connected, ready },
      ...{ followed, names, words, language, facts, refresh, turn },
    };
  }, [
    contracts,
    problem,
    place,
    products,
    stakes,
    account,
    connected,
    followed,
    words,
    language,
    refresh,
    turn,
  ]);
  return <Context value={value}>{children}</Context>;
}

function useAccount(address: string | null, on: boolean, turn: number): Account | null {
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new turn asks again at once
  const load = useCallback(
    (signal: AbortSignal) => getJson(`/api/v1/accounts/${address}`, Account, signal),
    [address, turn],
  );
  const { data } = usePolled(load, EVERY_MS, on && address !== null);
  return data && address && data.address === address ? data : null;
}

/** Changes only with the deployment: what is underway is followed by it. */
function usePlace(contracts: Contracts | null): Place | null {
  const addresses = JSON.stringify(contracts?.contracts ?? []);
  const { chain_id: chainId, deployment_id: deployment, confirmations } = contracts ?? {};
  return useMemo(() => {
    if (chainId === undefined || deployment === undefined || confirmations === undefined) return null;
    const list = JSON.parse(addresses) as { name: string; address: Address }[];
    const byName = Object.fromEntries(list.map(({ name, address }) => [name, address])) as Addresses;
    return { chainId, deployment, confirmations, addresses: byName };
  }, [addresses, chainId, deployment, confirmations]);
}
