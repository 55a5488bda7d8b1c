"use client";
import { useCallback, useEffect, useState } from "react";
import { type Selection, searchOf, selectionFrom } from "./selection";

/** The selection and its setter; the address bar follows, and back and forward lead. */
export function useSelection(initial: Selection): [Selection, (change: Partial<Selection>) => void] {
  const [selection, setSelection] = useState(initial);

  useEffect(() => {
    const onPop = () =>
      setSelection(selectionFrom(Object.fromEntries(new URLSearchParams(window.location.search))));
    window.addEventListener("popstate", onPop);
    return () => window.removeEventListener("popstate", onPop);
  }, []);

  const select = useCallback(
    (change: Partial<Selection>) => {
      const next = { ...selection, ...change };
      setSelection(next);
      const step = change.site && change.site !== selection.site ? "pushState" : "replaceState";
      window.history[step](null, "", searchOf(next) || "/");
    },
    [selection],
  );
  return [selection, select];
}
