"use client";
import { useEffect, useState } from "react";
import type { Room } from "@/app-shell/use-room";
import { duration } from "@/lib/time";
import { formatCount } from "@/lib/units";
import { useWallNow } from "@/lib/use-now";
import { type LiveWords, liveWords } from "@/words/live";
import { shellWords } from "@/words/shell";
import { useWords } from "@/words/use-words";

type Words = LiveWords["waiting"];

interface Step {
  name: string;
  state: "done" | "now" | "later";
  detail: string;
}

function saidOf(room: Room, siteName: string | null, words: Words): { title: string; text: string } {
  const issued = room.summary.data?.runs_issued ?? 0;
  if (room.live.connection.phase !== "live" && room.summary.data === null)
    return { title: words.looking, text: words.lookingText };
  if (siteName && Object.keys(room.live.data.series).length > 0)
    return { title: words.noneYet(siteName), text: words.noneYetText };
  if (issued > 0) return { title: words.reading, text: words.readingText(formatCount(issued)) };
  return { title: words.backfill, text: words.backfillText };
}

/** Before the first forecast: what has happened, what is happening, and that nobody need do anything. */
export function Waiting({ room, siteName }: { room: Room; siteName: string | null }) {
  const words = useWords(liveWords).waiting;
  const connections = useWords(shellWords).connection;
  const [openedMs, setOpenedMs] = useState<number | null>(null);
  useEffect(() => setOpenedMs(Date.now()), []);
  const wall = useWallNow(1_000);
  const { title, text } = saidOf(room, siteName, words);
  return (
    <section aria-busy="true" aria-labelledby="waiting-title" className="card p-4" data-testid="waiting">
      <h2 className="font-semibold text-lg" id="waiting-title">
        {title}
      </h2>
      <p className="mt-1 min-h-10 max-w-prose text-muted text-sm">{text}</p>
      <ol className="mt-4 space-y-2">
        {stepsOf(room, words, connections[room.live.connection.phase]).map((step) => (
          <StepLine key={step.name} step={step} />
        ))}
      </ol>
      <p className="mt-4 min-h-4 text-2xs text-muted">
        {wall !== null && openedMs !== null ? words.since(duration((wall - openedMs) / 1000)) : ""}
      </p>
      <div aria-hidden="true" className="mt-4 h-48 rounded-md bg-raised motion-safe:animate-pulse" />
    </section>
  );
}

function StepLine({ step }: { step: Step }) {
  const mark = { done: "✓", now: "●", later: "○" }[step.state];
  const tone = { done: "text-ok", now: "text-accent pulse", later: "text-muted" }[step.state];
  return (
    <li className="flex items-baseline gap-2.5" data-state={step.state}>
      <span aria-hidden="true" className={`w-4 text-center ${tone}`}>
        {mark}
      </span>
      <span className={step.state === "later" ? "text-muted" : "font-medium"}>{step.name}</span>
      <span className="text-muted text-xs">{step.detail}</span>
    </li>
  );
}

function stepsOf(room: Room, words: Words, phase: string): Step[] {
  const { live, catalog, summary } = room;
  const sites = catalog.data?.sites.length ?? 0;
  const series = catalog.data?.series.length ?? 0;
  const windows = live.data.windowsSeen;
  const issued = summary.data?.runs_issued ?? 0;
  const done = [sites > 0, live.connection.phase === "live", windows > 0 || issued > 0, issued > 0];
  const first = done.indexOf(false);
  const state = (index: number): Step["state"] => (done[index] ? "done" : index === first ? "now" : "later");
  return [
    {
      name: words.catalog,
      state: state(0),
      detail: sites ? words.catalogDone(sites, series) : words.catalogNow,
    },
    { name: words.connection, state: state(1), detail: phase },
    {
      name: words.measurements,
      state: state(2),
      detail: windows ? words.windows(formatCount(windows)) : issued ? words.stored : words.backfilling,
    },
    {
      name: words.firstRun,
      state: state(3),
      detail: issued ? words.runs(formatCount(issued)) : words.nextSlot,
    },
  ];
}
