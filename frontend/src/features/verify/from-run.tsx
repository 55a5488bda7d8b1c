"use client";
import { useCallback, useEffect, useState } from "react";
import * as z from "zod/mini";
import { type ApiProblem, getJson, problemFrom } from "@/lib/api";
import { saveText } from "@/lib/download";
import { usePolled } from "@/lib/use-polled";
import { Button } from "@/ui/button";
import { Panel } from "@/ui/panel";
import { kindOf, State } from "@/ui/state";
import { useWords } from "@/words/use-words";
import { verifyWords } from "@/words/verify";

const Run = z.object({ run_id: z.string(), series: z.array(z.object({ series_id: z.string() })) });
const ONCE_MS = 3_600_000;

/** The proof of one series of a run of this installation, fetched and checked as any other file. */
export function FromRun(props: { run: string; initial: string | null; onText: (text: string) => void }) {
  const { run, initial, onText } = props;
  const words = useWords(verifyWords);
  const load = useCallback(
    (signal: AbortSignal) => getJson(`/api/v1/forecasts/${encodeURIComponent(run)}`, Run, signal),
    [run],
  );
  const { data, problem } = usePolled(load, ONCE_MS);
  const [chosen, setChosen] = useState(initial);
  const [refused, setRefused] = useState<ApiProblem | null>(null);
  const [text, setText] = useState<string | null>(null);
  const [origin, setOrigin] = useState(false);
  const series = chosen ?? data?.series[0]?.series_id ?? null;

  const fetchProof = useCallback(
    async (of: string, withOrigin = false) => {
      setRefused(null);
      const path = `/api/v1/settlements/runs/${encodeURIComponent(run)}/proof?series_id=${encodeURIComponent(of)}`;
      const answer = await fetch(`${path}${withOrigin ? "&origin=true" : ""}`, {
        headers: { Accept: "application/json" },
      });
      if (!answer.ok) return setRefused(await problemFrom(answer));
      // As text: numbers beyond 2^53 must come through to the character.
      const told = await answer.text();
      setText(told);
      onText(told);
    },
    [run, onText],
  );
  useEffect(() => {
    if (initial) void fetchProof(initial);
  }, [initial, fetchProof]);

  const failure = refused ?? (data ? null : problem);
  return (
    <Panel testId="from-run" title={words.fromRun(run)}>
      <div className="flex flex-wrap items-center gap-3">
        <label className="flex items-center gap-2 text-xs">
          {words.series}
          <select
            className="min-h-8 max-w-64 rounded-md border border-line bg-surface px-2 text-xs"
            onChange={(event) => setChosen(event.target.value)}
            value={series ?? ""}
          >
            {(data?.series ?? (initial ? [{ series_id: initial }] : [])).map(({ series_id }) => (
              <option key={series_id}>{series_id}</option>
            ))}
          </select>
        </label>
        <label className="inline-flex min-h-6 items-center gap-2 text-xs">
          <input
            checked={origin}
            data-testid="with-origin"
            onChange={(event) => setOrigin(event.target.checked)}
            type="checkbox"
          />
          {words.withOrigin}
        </label>
        <Button
          data-testid="fetch-proof"
          disabled={!series}
          look="main"
          onClick={() => series && fetchProof(series, origin)}
        >
          {words.fetch}
        </Button>
        {text ? (
          <Button look="quiet" onClick={() => saveText(`proof-${run}.json`, "application/json", text)} small>
            {words.save}
          </Button>
        ) : null}
      </div>
      {failure ? (
        <div className="mt-3">
          <State kind={kindOf(failure)} problem={failure} />
        </div>
      ) : null}
    </Panel>
  );
}
