import type { Seal } from "@/lib/wire";
import { Pill } from "@/ui/pill";
import { sealWords } from "./seal-state";

const MARKS = { ok: "✓", warn: "!", bad: "✕", quiet: "…" } as const;

export function SealBadge({ seal }: { seal: Seal | null }) {
  const words = sealWords(seal);
  return (
    <Pill title={words.long} tone={words.tone}>
      <span aria-hidden="true">{MARKS[words.tone]}</span>
      {words.short}
    </Pill>
  );
}
