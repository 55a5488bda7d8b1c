"use client";
import { useEffect, useRef, useSyncExternalStore } from "react";
import { type Binding, type Chord, KeyRing, lookUp } from "./key-ring";

const ring = new KeyRing();
const NONE: readonly Binding[] = [];

/** Binds keys while the component is there; they stand in the help by themselves. Keep the list stable. */
export function useKeys(bindings: readonly Binding[]): void {
  useEffect(() => ring.add(bindings), [bindings]);
}

export function useAllKeys(): readonly Binding[] {
  return useSyncExternalStore(ring.subscribe, ring.all, () => NONE);
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && target.closest("input, textarea, select, [contenteditable]") !== null
  );
}

/** Listens once, in the shell. Behind an open dialog only the dialog's own keys count. */
export function useKeyboard(): void {
  const open = useRef<Chord | null>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
      const pressed = {
        key: event.key,
        mod: event.ctrlKey || event.metaKey,
        alt: event.altKey,
        typing: isTyping(event.target),
      };
      const found = lookUp(ring.all(), pressed, open.current, Date.now());
      open.current = found.open;
      if (!found.binding) return;
      event.preventDefault();
      found.binding.run();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
}
