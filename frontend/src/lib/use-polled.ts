"use client";
import { useEffect, useRef, useState } from "react";
import { ApiProblem } from "./api";

/** A service that is away is asked again sooner than one that answers. */
const AGAIN_MS = 4_000;

export interface Polled<T> {
  data: T | null;
  problem: ApiProblem | null;
}

/** Loads again and again; an answer stays while later ones fail, with the problem beside it. */
export function usePolled<T>(
  load: (signal: AbortSignal) => Promise<T>,
  everyMs: number,
  on = true,
): Polled<T> {
  const [state, setState] = useState<Polled<T>>({ data: null, problem: null });

  const pause = useRef(everyMs);
  pause.current = everyMs;

  useEffect(() => {
    if (!on) return;
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const turn = async () => {
      let away = false;
      try {
        const data = await load(abort.signal);
        if (!abort.signal.aborted) setState({ data, problem: null });
      } catch (error) {
        if (abort.signal.aborted) return;
        const problem = error instanceof ApiProblem ? error : new ApiProblem(String(error), 0);
        away = problem.status === 0 || problem.status >= 502;
        setState((old) => ({ data: old.data, problem }));
      }
      if (!abort.signal.aborted)
        timer = setTimeout(turn, away ? Math.min(pause.current, AGAIN_MS) : pause.current);
    };
    void turn();
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [load, on]);

  return state;
}
