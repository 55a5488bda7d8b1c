"use client";
import { usePathname, useSearchParams } from "next/navigation";
import { useCallback } from "react";

/** A choice that stands in the address, so that it can be sent to somebody. The usual one leaves the address short. */
export function useAddress(name: string, usual: string): [string, (value: string) => void] {
  const params = useSearchParams();
  const path = usePathname();
  const choose = useCallback(
    (value: string) => {
      const next = new URLSearchParams(window.location.search);
      if (value === usual) next.delete(name);
      else next.set(name, value);
      const query = next.toString();
      window.history.replaceState(null, "", query ? `${path}?${query}` : path);
    },
    [name, usual, path],
  );
  return [params.get(name) ?? usual, choose];
}
