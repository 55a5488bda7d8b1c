/** What a seal's state means to a reader. */
import type { Seal } from "@/lib/wire";

export type SealTone = "ok" | "warn" | "bad" | "quiet";

export interface SealWords {
  tone: SealTone;
  short: string;
  long: string;
}

export function sealWords(seal: Seal | null): SealWords {
  switch (seal?.state) {
    case "mined":
      return {
        tone: "ok",
        short: "Sealed",
        long: "On the chain before its gate closed. Nobody can change this forecast unnoticed.",
      };
    case "final":
      return {
        tone: "ok",
        short: "Final",
        long: "On the chain before its gate closed, in a block that cannot be undone any more.",
      };
    case "late":
      return {
        tone: "warn",
        short: "Late",
        long: "The gate closed before the seal was mined. The forecast is kept and counts as not sealed.",
      };
    case "failed":
      return {
        tone: "bad",
        short: "Seal failed",
        long: seal.detail || "The chain refused the seal; the log of settlement-service has the reason.",
      };
    case "signed":
      return { tone: "quiet", short: "Signed", long: "Signed by the forecaster; on its way to the chain." };
    case "sent":
      return { tone: "quiet", short: "Sent", long: "Sent to the chain; waiting for its block." };
    default:
      return { tone: "quiet", short: "Pending", long: "Issued; the seal is being made." };
  }
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
