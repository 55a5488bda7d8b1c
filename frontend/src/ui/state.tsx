"use client";
import type { ReactNode } from "react";
import { ApiProblem } from "@/lib/api";
import { duration } from "@/lib/time";
import { uiWords } from "@/words/ui";
import { useWords } from "@/words/use-words";
import { Button } from "./button";
import { CopyButton } from "./copy-button";

export const STATE_KINDS = [
  "first-run",
  "empty",
  "loading",
  "partial",
  "stale",
  "reconnecting",
  "offline",
  "error",
  "no-permission",
] as const;
export type StateKind = (typeof STATE_KINDS)[number];

const LOOKS: Record<StateKind, { mark: string; edge: string; tone: string }> = {
  "first-run": { mark: "○", edge: "border-l-accent", tone: "text-accent" },
  empty: { mark: "∅", edge: "border-l-line", tone: "text-muted" },
  loading: { mark: "◌", edge: "border-l-line", tone: "text-muted" },
  partial: { mark: "◐", edge: "border-l-warn", tone: "text-warn" },
  stale: { mark: "◷", edge: "border-l-warn", tone: "text-warn" },
  reconnecting: { mark: "↻", edge: "border-l-warn", tone: "text-warn" },
  offline: { mark: "✕", edge: "border-l-bad", tone: "text-bad" },
  error: { mark: "!", edge: "border-l-bad", tone: "text-bad" },
  "no-permission": { mark: "⊘", edge: "border-l-warn", tone: "text-warn" },
};

export interface StateProps {
  kind: StateKind;
  /** Instead of the usual words of the kind. */
  title?: string;
  children?: ReactNode;
  /** For `stale`: how old, in seconds. */
  ageS?: number;
  /** For `reconnecting`: which attempt. */
  attempt?: number;
  /** For `error`: what failed; its trace id can be copied. */
  problem?: Error | null;
  onRetry?: () => void;
  action?: ReactNode;
}

/** A state that needs words: what is the case, since when, and what can be done. Every page uses this one. */
export function State({ kind, title, children, ageS, attempt, problem, onRetry, action }: StateProps) {
  const words = useWords(uiWords);
  const look = LOOKS[kind];
  const loud = kind === "error" || kind === "offline";
  const text = children ?? problem?.message ?? words.state[kind].text;
  const trace = problem instanceof ApiProblem ? problem.traceId : null;
  return (
    <div
      aria-busy={kind === "loading" || undefined}
      className={`rounded-md border border-line border-l-4 bg-surface px-3 py-2 ${look.edge}`}
      data-kind={kind}
      data-testid="state"
      role={loud ? "alert" : "status"}
    >
      <p className="flex items-baseline gap-2 font-medium">
        <span
          aria-hidden="true"
          className={`${look.tone} ${kind === "loading" || kind === "reconnecting" ? "pulse" : ""}`}
        >
          {look.mark}
        </span>
        {title ?? words.state[kind].title}
        {ageS === undefined ? null : (
          <span className="font-normal text-warn">{words.age(duration(ageS))}</span>
        )}
      </p>
      {text || attempt !== undefined ? (
        <div className="mt-0.5 text-muted text-xs">
          {text} {attempt === undefined ? null : words.attempt(attempt)}
        </div>
      ) : null}
      {trace ? (
        <p className="mt-1 flex items-center gap-2 text-2xs text-muted">
          {words.trace} <code className="font-mono">{trace}</code>
          <CopyButton text={trace} what={words.traceId} />
        </p>
      ) : null}
      {onRetry || action ? (
        <div className="mt-2 flex flex-wrap gap-2">
          {onRetry ? (
            <Button onClick={onRetry} small>
              {words.retry}
            </Button>
          ) : null}
          {action}
        </div>
      ) : null}
    </div>
  );
}

/** The kind that a failed request asks for: 401 and 403 are about roles, no answer at all is `offline`. */
export function kindOf(problem: ApiProblem): StateKind {
  if (problem.status === 401 || problem.status === 403) return "no-permission";
  return problem.status === 0 || problem.status === 502 || problem.status === 504 ? "offline" : "error";
}
