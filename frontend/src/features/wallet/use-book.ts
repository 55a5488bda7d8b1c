"use client";
import { useEffect, useMemo, useSyncExternalStore } from "react";
import { type Entry, type Place, TxBook } from "./book";
import { type Node, nodeAt } from "./node";
import { isOpen } from "./tx-state";

const KEPT = "gridseal-transactions";
const LOOK_EVERY_MS = 1_000;
const NOTHING: readonly Entry[] = [];

export interface Followed {
  book: TxBook;
  node: Node;
  entries: readonly Entry[];
}

/** Transactions of this browser, each looked at every second until it is final. */
export function useBook(place: Place | null): Followed {
  const { book, node } = useMemo(() => {
    const shelf = {
      read: () => (typeof window === "undefined" ? null : localStorage.getItem(KEPT)),
      write: (text: string) => localStorage.setItem(KEPT, text),
    };
    const chain = nodeAt();
    return { node: chain, book: new TxBook(chain, shelf) };
  }, []);
  const entries = useSyncExternalStore(book.subscribe, book.entries, () => NOTHING);
  const open = entries.some((entry) => isOpen(entry.state));

  useEffect(() => {
    if (place) book.standAt(place);
  }, [book, place]);
  useEffect(() => {
    if (!open || !place) return;
    let timer: ReturnType<typeof setTimeout>;
    let ended = false;
    const turn = async () => {
      await book.look();
      if (!ended) timer = setTimeout(turn, LOOK_EVERY_MS);
    };
    void turn();
    return () => {
      ended = true;
      clearTimeout(timer);
    };
  }, [book, open, place]);
  return { book, node, entries };
}
