import type { ReactNode } from "react";

export type Tone = "ok" | "warn" | "bad" | "accent" | "quiet";

const TONES: Record<Tone, string> = {
  ok: "bg-ok-soft text-ok",
  warn: "bg-warn-soft text-warn",
  bad: "bg-bad-soft text-bad",
  accent: "bg-accent-soft text-accent",
  quiet: "bg-raised text-muted",
};

/** A short state with its colour and, because colour alone says nothing to some, its words. */
export function Pill({ tone, children, title }: { tone: Tone; children: ReactNode; title?: string }) {
  return (
    <span
      className={`inline-flex items-center gap-1 whitespace-nowrap rounded-full px-2 py-0.5 font-medium text-2xs ${TONES[tone]}`}
      title={title}
    >
      {children}
    </span>
  );
}
