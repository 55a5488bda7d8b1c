"use client";
import { Panel } from "@/ui/panel";
import type { en } from "@/words/en/verify";
import { useWords } from "@/words/use-words";
import { verifyWords } from "@/words/verify";
import {
  type Check,
  type CheckName,
  type Judgement,
  OFFLINE,
  ON_CHAIN,
  ORIGIN,
  type Outcome,
  PINNED,
} from "./judge";

const EDGES: Record<Outcome, string> = {
  checking: "border-l-line",
  verified: "border-l-ok bg-ok-soft",
  refuted: "border-l-bad bg-bad-soft",
  open: "border-l-warn bg-warn-soft",
};
const MARKS: Record<Outcome, string> = { checking: "◌", verified: "✓", refuted: "✕", open: "?" };

/** The verdict, and every check with what it asks, how it came out and what was found. */
export function CheckList({ judgement }: { judgement: Judgement }) {
  const words = useWords(verifyWords);
  const { checks, outcome, proof } = judgement;
  const good = checks.filter(({ passed }) => passed).length;
  const made = <N extends CheckName>(all: readonly N[]) =>
    all.filter((name) => checks.some((check) => check.name === name));
  const names: readonly CheckName[] = [...OFFLINE, ...made(ORIGIN), ...PINNED, ...ON_CHAIN];
  return (
    <Panel
      note={proof ? words.count(good, names.length) : undefined}
      testId="checks"
      title={words.checksTitle}
    >
      <div
        aria-live="polite"
        className={`rounded-md border border-line border-l-4 px-3 py-2 ${EDGES[outcome]}`}
        data-testid="verdict"
        data-verdict={outcome}
        role="status"
      >
        <p className="font-semibold">
          <span aria-hidden="true">{MARKS[outcome]}</span> {words.outcomes[outcome]}
        </p>
        <p className="mt-0.5 text-xs">{sentence(judgement, words)}</p>
      </div>
      {proof ? (
        <ol className="mt-3 divide-y divide-line">
          {names.map((name) => (
            <Line
              check={checks.find((check) => check.name === name)}
              key={name}
              name={name}
              waits={outcome === "checking"}
              words={words}
            />
          ))}
        </ol>
      ) : null}
    </Panel>
  );
}

function sentence({ outcome, problem, proof }: Judgement, words: typeof en): string {
  if (problem?.kind === "unreadable") return words.told.unreadable(problem.detail);
  if (outcome === "open" && problem) return `${words.told.node(problem.detail)} ${words.told.open}`;
  if (outcome === "open") return words.told.partial;
  if (outcome === "verified" && proof) {
    return words.told.verified(proof.forecast.seriesId, proof.forecast.points.length);
  }
  return outcome === "refuted" ? words.told.refuted : words.told.checking;
}

interface LineProps {
  name: CheckName;
  check: Check | undefined;
  waits: boolean;
  words: typeof en;
}

function Line({ name, check, waits, words }: LineProps) {
  const [title, asks] = words.checks[name];
  const state = check ? (check.passed ? "passed" : "failed") : waits ? "waits" : "notMade";
  const look = { passed: "text-ok", failed: "text-bad", waits: "text-muted", notMade: "text-warn" }[state];
  const mark = { passed: "✓", failed: "✕", waits: "◌", notMade: "–" }[state];
  return (
    <li
      className="grid grid-cols-[1.25rem_1fr] gap-x-2 py-1.5 sm:grid-cols-[1.25rem_11rem_1fr_6rem]"
      data-check={name}
      data-state={state}
    >
      <span aria-hidden="true" className={`font-bold ${look}`}>
        {mark}
      </span>
      <span className="font-medium text-xs">{title}</span>
      <span className="col-start-2 text-xs sm:col-start-3">
        {asks}
        {check ? (
          <span className={`block text-2xs ${check.passed ? "text-muted" : "text-bad"}`} lang="en">
            {check.detail}
          </span>
        ) : null}
      </span>
      <span className={`col-start-2 text-2xs sm:col-start-4 sm:text-right ${look}`}>{words[state]}</span>
    </li>
  );
}
