"use client";
import { Button } from "@/ui/button";
import { CopyButton } from "@/ui/copy-button";
import { Panel } from "@/ui/panel";
import { Pill, type Tone } from "@/ui/pill";
import type { en } from "@/words/en/wallet";
import { useLanguage, useWords } from "@/words/use-words";
import { walletWords } from "@/words/wallet";
import { shortHex } from "./amount";
import type { Entry } from "./book";
import { refusalText, type Token } from "./say";
import type { TxState } from "./tx-state";

const TONES: Record<TxState["phase"], Tone> = {
  none: "quiet",
  signing: "accent",
  sent: "accent",
  mined: "ok",
  final: "ok",
  failed: "bad",
  replaced: "warn",
};
const MARKS: Record<TxState["phase"], string> = {
  none: "○",
  signing: "✎",
  sent: "→",
  mined: "▣",
  final: "✓",
  failed: "✕",
  replaced: "⇄",
};

/** What there is to say about a state beside its name. */
export function stateText(
  state: TxState,
  words: typeof en,
  look: { token: Token; language: string; confirmations: number },
): string {
  switch (state.phase) {
    case "none":
      return "";
    case "signing":
      return words.tx.says.signing;
    case "sent":
      return words.tx.says[state.waitsFor];
    case "mined":
      return words.tx.says.mined(state.confirmations, look.confirmations);
    case "final":
      return words.tx.says.final(String(state.included.blockNumber));
    case "replaced":
      return words.tx.says.replaced;
    case "failed":
      return refusalText(state.refusal, words, look.token, look.language);
  }
}

export function TxLine({
  state,
  token,
  confirmations,
}: {
  state: TxState;
  token: Token;
  confirmations: number;
}) {
  const words = useWords(walletWords);
  const { language } = useLanguage();
  const hash = "hash" in state ? state.hash : null;
  return (
    <div aria-live="polite" className="text-xs" data-phase={state.phase} data-testid="tx-state">
      <Pill tone={TONES[state.phase]}>
        <span aria-hidden="true">{MARKS[state.phase]}</span>
        {words.tx.states[state.phase]}
      </Pill>{" "}
      <span className={state.phase === "failed" ? "text-bad" : "text-muted"} data-testid="tx-text">
        {stateText(state, words, { token, language, confirmations })}
      </span>
      {hash ? (
        <span className="mt-1 flex items-center gap-2 text-2xs text-muted">
          {words.tx.hash}
          <code className="font-mono" title={hash}>
            {shortHex(hash)}
          </code>
          <CopyButton text={hash} what={words.tx.hash} />
          {state.phase === "replaced" && state.by ? (
            <span>
              {words.tx.by} <code className="font-mono">{shortHex(state.by)}</code>
            </span>
          ) : null}
        </span>
      ) : null}
    </div>
  );
}

interface Props {
  entries: readonly Entry[];
  token: Token;
  confirmations: number;
  onForget: (id: string) => void;
}

/** Everything that was sent from this browser, newest first. */
export function TxList({ entries, token, confirmations, onForget }: Props) {
  const words = useWords(walletWords);
  return (
    <Panel testId="transactions" title={words.tx.title}>
      {entries.length === 0 ? (
        <p className="text-muted text-xs">{words.tx.none}</p>
      ) : (
        <ul className="divide-y divide-line">
          {entries.map((entry) => (
            <li className="flex items-start justify-between gap-3 py-2 first:pt-0 last:pb-0" key={entry.id}>
              <div className="min-w-0 space-y-1">
                <p className="text-xs">{entry.says}</p>
                <TxLine confirmations={confirmations} state={entry.state} token={token} />
              </div>
              {entry.state.phase === "signing" ? null : (
                <Button look="quiet" onClick={() => onForget(entry.id)} small>
                  {words.tx.remove}
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
