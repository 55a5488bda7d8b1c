"use client";
import type { Room } from "@/app-shell/use-room";
import { kindOf, State } from "@/ui/state";
import { liveWords } from "@/words/live";
import { useWords } from "@/words/use-words";

/** What is wrong at the moment and what to do about it; nothing while all is well. */
export function Hints({ room }: { room: Room }) {
  const words = useWords(liveWords).hints;
  const { live, catalog, summary, fallbackProblem } = room;
  const { phase, attempt } = live.connection;
  const down = (phase === "reconnecting" || phase === "offline") && attempt > 1;
  return (
    <>
      {phase === "no-permission" ? <State kind="no-permission" /> : null}
      {down ? (
        <State
          attempt={attempt}
          kind={phase === "offline" ? "offline" : "reconnecting"}
          onRetry={room.retry}
          title={words.down}
        >
          {fallbackProblem ? fallbackProblem.message : words.meanwhile}
        </State>
      ) : null}
      {catalog.problem ? (
        <State kind={kindOf(catalog.problem)} problem={catalog.problem} title={words.sites} />
      ) : null}
      {summary.problem && !down ? (
        <State kind={kindOf(summary.problem)} problem={summary.problem} title={words.summary} />
      ) : null}
      {live.data.problem ? (
        <State kind="partial" title={words.refusedSubscription}>
          {live.data.problem}
        </State>
      ) : null}
      {live.data.refused > 0 ? (
        <State kind="partial" title={words.refused(live.data.refused)}>
          {words.refusedText}
        </State>
      ) : null}
    </>
  );
}
