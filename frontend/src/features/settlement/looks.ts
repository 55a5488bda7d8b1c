/** Tones of states; the words beside them say the same. */
import type { Tone } from "@/ui/pill";
import type { RoundState, SealState } from "./wire";

export const SEAL_TONES: Record<SealState, Tone> = {
  pending: "quiet",
  signed: "accent",
  sent: "accent",
  mined: "ok",
  final: "ok",
  late: "warn",
  failed: "bad",
};

export const ROUND_TONES: Record<RoundState, Tone> = {
  waiting: "quiet",
  proposed: "accent",
  disputed: "warn",
  void: "bad",
  final: "accent",
  revealing: "accent",
  settled: "ok",
  neutral: "quiet",
  skipped: "quiet",
};
