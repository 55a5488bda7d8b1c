"use client";
import { useState } from "react";
import { isOpen } from "@/features/wallet/tx-state";
import { TxLine } from "@/features/wallet/tx-view";
import { Button } from "@/ui/button";
import type { Step } from "./plans";
import { useSettlement } from "./use-settlement";

interface Props {
  /** What is to be sent, in order, as it stands now; the ones that were sent are kept as they were asked for. */
  steps: readonly Step[];
  /** Why nothing can be signed now. */
  blocked?: string | null;
  onSent?: (key: string, hash: string) => void;
  onDone?: () => void;
  testId?: string;
}

/** The transactions of one action: each in plain words, signed one after the other, each state shown live. */
export function StepList({ steps, blocked, onSent, onDone, testId }: Props) {
  const { ready, connected, place, followed, words, contracts } = useSettlement();
  const [under, setUnder] = useState<{ steps: readonly Step[]; ids: readonly string[] } | null>(null);
  const all = under?.steps ?? steps;
  const entries = (under?.ids ?? []).map((id) => followed.entries.find((entry) => entry.id === id));
  const reached = entries.filter(
    (entry) => entry?.state.phase === "mined" || entry?.state.phase === "final",
  ).length;
  const busy = entries.some((entry) => entry && isOpen(entry.state) && entry.state.phase !== "mined");
  const finished = all.length > 0 && reached === all.length;
  const [sending, setSending] = useState(false);

  const sign = async () => {
    const step = all[reached];
    if (!step || !connected || !place) return;
    setSending(true);
    const kept = (under?.ids ?? []).slice(0, reached);
    const sent = followed.book.send(
      step,
      { provider: connected.wallet.provider, account: connected.account },
      place,
    );
    const newest = followed.book.entries()[0];
    if (newest) setUnder({ steps: all, ids: [...kept, newest.id] });
    const entry = followed.book.find(await sent);
    setSending(false);
    if (entry?.state.phase === "sent") onSent?.(step.key, entry.state.hash);
  };
  const again = () => {
    setUnder(null);
    onDone?.();
  };
  if (all.length === 0) return null;
  const reason = blocked ?? (connected ? (ready ? null : words.needChain) : words.needWallet);
  return (
    <div className="space-y-3" data-testid={testId}>
      <ol className="space-y-3">
        {all.map((step, index) => {
          const entry = entries[index];
          return (
            <li className="rounded-md border border-line bg-raised p-3" data-step={step.key} key={step.key}>
              {all.length > 1 ? <p className="label mb-1">{words.step(index + 1, all.length)}</p> : null}
              <p className="text-xs leading-5">{step.says}</p>
              {entry && contracts ? (
                <div className="mt-2">
                  <TxLine
                    confirmations={contracts.confirmations}
                    state={entry.state}
                    token={contracts.token}
                  />
                </div>
              ) : null}
            </li>
          );
        })}
      </ol>
      <div className="flex flex-wrap items-center gap-3">
        {finished ? (
          <Button data-testid="done" onClick={again}>
            {words.done}
          </Button>
        ) : (
          <Button data-testid="sign" disabled={reason !== null || sending || busy} look="main" onClick={sign}>
            {words.signStep(reached + 1, all.length)}
          </Button>
        )}
        {reason && !finished ? <p className="text-muted text-xs">{reason}</p> : null}
      </div>
    </div>
  );
}
