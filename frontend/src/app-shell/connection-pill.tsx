"use client";
import type { Connection } from "@/lib/live";
import { duration } from "@/lib/time";
import { useWallNow } from "@/lib/use-now";
import { shellWords } from "@/words/shell";
import { useWords } from "@/words/use-words";

const LOOKS = {
  connecting: "bg-muted pulse",
  live: "bg-ok",
  reconnecting: "bg-warn pulse",
  offline: "bg-bad",
  "signed-out": "bg-bad",
  "no-permission": "bg-bad",
} as const;

/** Where the connection stands, and how old the newest word from it is. */
export function ConnectionPill({ connection, onRetry }: { connection: Connection; onRetry: () => void }) {
  const words = useWords(shellWords).connection;
  const now = useWallNow(1_000);
  const { phase, attempt, retryAtMs, lastFrameMs } = connection;
  const age = now !== null && lastFrameMs !== null ? duration((now - lastFrameMs) / 1000) : null;
  const wait = now !== null && retryAtMs !== null ? Math.max(0, Math.ceil((retryAtMs - now) / 1000)) : null;
  const down = phase === "reconnecting" || phase === "offline";
  return (
    <div
      className="flex flex-wrap items-center gap-x-2 rounded-md border border-line bg-raised px-2.5 py-1"
      data-phase={phase}
      data-testid="connection"
    >
      <span aria-hidden="true" className={`size-2 rounded-full ${LOOKS[phase]}`} />
      <span className="font-medium text-xs" role="status">
        {words[phase]}
      </span>
      <span className="min-w-14 text-2xs sm:whitespace-nowrap text-muted">
        {age ? words.heard(age) : words.nothing}
        {down ? ` · ${words.attempt(attempt, wait || null)}` : ""}
      </span>
      {down ? (
        <button className="text-2xs text-accent underline" onClick={onRetry} type="button">
          {words.tryNow}
        </button>
      ) : null}
    </div>
  );
}
