/** Texts whose hashes are on the chain, given to the service once it knows the hash. The hash decides, not the sender. */
import * as z from "zod/mini";
import { sendJson } from "@/lib/api";
import { hashOf } from "./plans";
import type { Dispute, Override } from "./wire";

/** Reasons that were put on the chain from here. */
export async function tellReasons(items: readonly Override[], reasons: readonly string[]): Promise<void> {
  for (const item of items.filter(({ reason }) => reason === null)) {
    const reason = reasons.find((text) => hashOf(text) === item.reason_hash);
    if (reason) await sendJson("PUT", `/api/v1/overrides/${item.request_id}/reason`, { reason }, z.unknown());
  }
}

/** Evidence that was put on the chain from here. */
export async function tellEvidence(disputes: readonly Dispute[], known: readonly string[]): Promise<void> {
  for (const dispute of disputes.filter(({ evidence }) => evidence === null)) {
    const text = known.find((one) => hashOf(one) === dispute.evidence_hash);
    const path = `/api/v1/settlements/disputes/${dispute.dispute_id}/evidence`;
    if (text) await sendJson("PUT", path, { text }, z.unknown());
  }
}
