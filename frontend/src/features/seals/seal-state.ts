/** What a seal's state means to a reader. */
import type { Seal } from "@/lib/wire";
import type { LiveWords } from "@/words/live";

export type SealTone = "ok" | "warn" | "bad" | "quiet";

export interface SealSaid {
  tone: SealTone;
  short: string;
  long: string;
}

const TONES: Record<Seal["state"], SealTone> = {
  pending: "quiet",
  signed: "quiet",
  sent: "quiet",
  mined: "ok",
  final: "ok",
  late: "warn",
  failed: "bad",
};

export function sealSaid(seal: Seal | null, words: LiveWords["seal"]): SealSaid {
  const state = seal?.state ?? "pending";
  const said = { tone: TONES[state], ...words[state] };
  return state === "failed" && seal?.detail ? { ...said, long: seal.detail } : said;
}

/** Seconds of domain time between the block and the gate; negative when the block was later. */
export function marginS(seal: Seal | null, gateClosure: string): number | null {
  return seal?.block_time ? (Date.parse(gateClosure) - Date.parse(seal.block_time)) / 1000 : null;
}

export function proofPath(runId: string, seriesId: string): string {
  return `/api/v1/settlements/runs/${encodeURIComponent(runId)}/proof?series_id=${encodeURIComponent(seriesId)}`;
}

export function proofFileName(runId: string, seriesId: string): string {
  return `gridseal-proof-${seriesId.replace("/", "-")}-${runId.slice(0, 8)}.json`;
}
