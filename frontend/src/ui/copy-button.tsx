"use client";
import { useEffect, useState } from "react";
import { uiWords } from "@/words/ui";
import { useWords } from "@/words/use-words";

/** Copies a text and says so; where the browser refuses, it says that. */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const words = useWords(uiWords);
  const [said, setSaid] = useState<"" | "copied" | "copyRefused">("");
  useEffect(() => {
    if (!said) return;
    const timer = setTimeout(() => setSaid(""), 2_000);
    return () => clearTimeout(timer);
  }, [said]);

  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid("copied");
    } catch {
      setSaid("copyRefused");
    }
  };
  return (
    <button
      aria-label={said ? words[said] : words.copyWhat(what)}
      className="min-h-6 shrink-0 rounded border border-line px-1.5 py-0.5 text-2xs text-muted hover:text-text"
      onClick={copy}
      type="button"
    >
      <span aria-live="polite">{said ? words[said] : words.copy}</span>
    </button>
  );
}
