"use client";
import { type ReactNode, useCallback, useState } from "react";
import type * as z from "zod/mini";
import { type ApiProblem, getJson } from "@/lib/api";
import { useWallNow } from "@/lib/use-now";
import { usePolled } from "@/lib/use-polled";
import { kindOf, State } from "@/ui/state";

export interface Loaded<T> {
  data: T | null;
  problem: ApiProblem | null;
  /** Wall time of the answer. */
  atMs: number | null;
  retry: () => void;
}

/**
 * One address, asked again and again. An answer to another question is never shown for this one; where the
 * address moves with the clock, `question` says what stays the same.
 */
export function useLoaded<T>(
  path: string,
  schema: z.core.$ZodType<T>,
  everyMs: number,
  on = true,
  question = path,
): Loaded<T> {
  const [turn, setTurn] = useState(0);
  const load = useCallback(
    async (signal: AbortSignal) => ({
      question,
      turn,
      value: await getJson(path, schema, signal),
      atMs: Date.now(),
    }),
    [path, schema, turn, question],
  );
  const { data, problem } = usePolled(load, everyMs, on);
  const own = data?.question === question ? data : null;
  const retry = useCallback(() => setTurn((old) => old + 1), []);
  return { data: own?.value ?? null, problem, atMs: own?.atMs ?? null, retry };
}

interface Props<T> {
  of: Loaded<T>;
  /** When nothing of it is there yet, in the words of the page. */
  isEmpty?: (data: T) => boolean;
  empty?: ReactNode;
  children: (data: T) => ReactNode;
}

/** What there is of an answer: nothing yet, a reason why not, or it, with a word where it is old. */
export function WhenLoaded<T>({ of, isEmpty, empty, children }: Props<T>) {
  const { data, problem, atMs, retry } = of;
  const now = useWallNow(problem !== null && data !== null ? 1_000 : 60_000);
  if (data === null)
    return problem ? (
      <State kind={kindOf(problem)} onRetry={retry} problem={problem} />
    ) : (
      <State kind="loading" />
    );
  if (isEmpty?.(data)) return <>{empty ?? <State kind="empty" />}</>;
  return (
    <>
      {problem ? (
        <div className="mb-2">
          <State
            ageS={atMs === null || now === null ? undefined : (now - atMs) / 1_000}
            kind="stale"
            onRetry={retry}
            problem={problem}
          />
        </div>
      ) : null}
      {children(data)}
    </>
  );
}
