"use client";
import { useSearchParams } from "next/navigation";
import { useCallback, useEffect, useRef, useState } from "react";
import { type Selection, searchOf, selectionFrom } from "./selection";

/** A drag changes the range many times a second; the address bar follows when it rests. */
const REST_MS = 250;

/** The selection and its setter; the address bar follows, and links, back and forward lead. */
export function useSelection(initial: Selection): [Selection, (change: Partial<Selection>) => void] {
  const [selection, setSelection] = useState(initial);
  const latest = useRef(initial);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const params = useSearchParams();
  const address = params.toString();
  const written = useRef(address);

  useEffect(() => {
    if (address === written.current) return;
    written.current = address;
    latest.current = selectionFrom(Object.fromEntries(new URLSearchParams(address)));
    setSelection(latest.current);
  }, [address]);

  useEffect(() => () => clearTimeout(timer.current), []);

  const select = useCallback((change: Partial<Selection>) => {
    const old = latest.current;
    const next = { ...old, ...change };
    latest.current = next;
    setSelection(next);
    const moved = next.site !== old.site || next.show !== old.show;
    const write = () => {
      const search = searchOf(latest.current, window.location.search);
      written.current = new URLSearchParams(search).toString();
      window.history[moved ? "pushState" : "replaceState"](null, "", search || "/");
    };
    clearTimeout(timer.current);
    if (moved || change.range === undefined) write();
    else timer.current = setTimeout(write, REST_MS);
  }, []);
  return [selection, select];
}
