"use client";
import { useEffect, useState } from "react";

/** Copies a text and says so; where the browser refuses, it says that. */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const [said, setSaid] = useState<"" | "Copied" | "Not allowed">("");
  useEffect(() => {
    if (!said) return;
    const timer = setTimeout(() => setSaid(""), 2_000);
    return () => clearTimeout(timer);
  }, [said]);

  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid("Copied");
    } catch {
      setSaid("Not allowed");
    }
  };
  return (
    <button
      aria-label={`Copy ${what}`}
      className="shrink-0 rounded border border-line px-1.5 py-0.5 text-2xs text-muted hover:text-text"
      onClick={copy}
      type="button"
    >
      <span aria-live="polite">{said || "Copy"}</span>
    </button>
  );
}
