"use client";
import type { Seal } from "@/lib/wire";
import { Pill } from "@/ui/pill";
import { liveWords } from "@/words/live";
import { useWords } from "@/words/use-words";
import { sealSaid } from "./seal-state";

const MARKS = { ok: "✓", warn: "!", bad: "✕", quiet: "…" } as const;

export function SealBadge({ seal }: { seal: Seal | null }) {
  const said = sealSaid(seal, useWords(liveWords).seal);
  return (
    <Pill title={said.long} tone={said.tone}>
      <span aria-hidden="true">{MARKS[said.tone]}</span>
      {said.short}
    </Pill>
  );
}
