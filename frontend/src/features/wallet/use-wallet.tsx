"use client";
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from "react";
import { getAddress } from "viem/utils";
import { type Address, discover, type FoundWallet, withWallet } from "./provider";

const KEPT = "gridseal-wallet";

export interface Connected {
  wallet: FoundWallet;
  account: Address;
  chainId: number;
}

export interface WalletState {
  found: readonly FoundWallet[];
  connected: Connected | null;
  /** Asks the wallet, which asks the person; throws what the wallet answers. */
  connect: (wallet: FoundWallet) => Promise<void>;
  disconnect: () => void;
}

const Context = createContext<WalletState | null>(null);

export function useWallet(): WalletState {
  const state = useContext(Context);
  if (!state) throw new Error("useWallet is for what stands inside WalletProvider");
  return state;
}

/** The wallets of this browser and the one that the person has connected; kept over a reload by its name. */
export function WalletProvider({ children }: { children: ReactNode }) {
  const [found, setFound] = useState<readonly FoundWallet[]>([]);
  const [connected, setConnected] = useState<Connected | null>(null);

  const take = useCallback(async (wallet: FoundWallet, method: "eth_accounts" | "eth_requestAccounts") => {
    const accounts = (await wallet.provider.request({ method })) as readonly string[];
    const chainId = Number(await wallet.provider.request({ method: "eth_chainId" }));
    const [first] = accounts;
    if (!first) return setConnected(null);
    localStorage.setItem(KEPT, wallet.info.rdns);
    setConnected({ wallet, account: getAddress(first), chainId });
  }, []);

  useEffect(
    () =>
      discover((one) => {
        setFound((known) => withWallet(known, one));
        // Asks for what was allowed before; the wallet shows nothing.
        if (localStorage.getItem(KEPT) === one.info.rdns)
          void take(one, "eth_accounts").catch(() => undefined);
      }),
    [take],
  );
  useEffect(() => follow(connected?.wallet ?? null, setConnected), [connected?.wallet]);

  const state = useMemo(
    () => ({
      found,
      connected,
      connect: (wallet: FoundWallet) => take(wallet, "eth_requestAccounts"),
      disconnect: () => {
        localStorage.removeItem(KEPT);
        setConnected(null);
      },
    }),
    [found, connected, take],
  );
  return <Context value={state}>{children}</Context>;
}

type SetConnected = (change: (old: Connected | null) => Connected | null) => void;

function follow(wallet: FoundWallet | null, set: SetConnected): () => void {
  const provider = wallet?.provider;
  if (!provider?.on) return () => undefined;
  const accounts = (told: readonly string[]) => {
    const [first] = told;
    set((old) => (old && first ? { ...old, account: getAddress(first) } : null));
  };
  const chain = (told: string) => set((old) => (old ? { ...old, chainId: Number(told) } : null));
  provider.on("accountsChanged", accounts as (told: never) => void);
  provider.on("chainChanged", chain as (told: never) => void);
  return () => {
    provider.removeListener?.("accountsChanged", accounts as (told: never) => void);
    provider.removeListener?.("chainChanged", chain as (told: never) => void);
  };
}
