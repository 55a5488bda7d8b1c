"use client";
import { useEffect, useMemo, useState } from "react";
import { SealBadge } from "@/features/seals/seal-badge";
import { proofFileName, proofPath } from "@/features/seals/seal-state";
import { ApiProblem, getJson } from "@/lib/api";
import { dayAndTime, duration } from "@/lib/time";
import type { Series } from "@/lib/wire";
import { Button } from "@/ui/button";
import type { Column } from "@/ui/column";
import { DataTable } from "@/ui/data-table";
import { Panel } from "@/ui/panel";
import { kindOf, State } from "@/ui/state";
import { asAtWords } from "@/words/as-at";
import { liveWords } from "@/words/live";
import { useWords } from "@/words/use-words";
import { type Asked, minute } from "./moment";
import { RunHistory, type RunMark } from "./wire";

interface Props {
  series: Series;
  atMs: number | null;
  ask: (change: Partial<Asked>) => void;
}

/** Every run issued by that moment, each with its seal and its proof. */
export function RunsPanel({ series, atMs, ask }: Props) {
  const words = useWords(asAtWords).runs;
  const at = atMs === null ? "" : `&as_at=${minute(atMs)}`;
  const path = `/api/v1/forecasts/runs?series_id=${encodeURIComponent(series.series_id)}&limit=50${at}`;
  const columns = useColumns(series.series_id);
  const { runs, problem, more, loading } = useRuns(path);
  return (
    <Panel flush testId="runs" title={words.title}>
      {problem ? (
        <div className="p-3">
          <State kind={kindOf(problem)} problem={problem} />
        </div>
      ) : null}
      {runs || problem ? (
        <DataTable
          caption={words.caption}
          columns={columns}
          empty={problem ? null : <State kind="empty" title={words.none} />}
          file={`gridseal-${series.series_id.replace("/", "-")}-runs`}
          height="max-h-96"
          onOpen={(run) => ask({ atMs: Date.parse(run.issued_at) + 60_000, targetMs: null })}
          parquetFrom={path}
          rowKey={(run) => run.run_id}
          rows={runs ?? []}
        />
      ) : (
        <div className="p-3">
          <State kind="loading" />
        </div>
      )}
      {more ? (
        <div className="border-line border-t p-2 text-center">
          <Button disabled={loading} onClick={more} small>
            {words.older}
          </Button>
        </div>
      ) : null}
    </Panel>
  );
}

interface Runs {
  runs: RunMark[] | null;
  problem: ApiProblem | null;
  loading: boolean;
  more: (() => void) | null;
}

function useRuns(path: string): Runs {
  const [state, setState] = useState<{ path: string; runs: RunMark[]; cursor: string | null } | null>(null);
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const [asked, setAsked] = useState<string | null>(null);
  useEffect(() => {
    const abort = new AbortController();
    const address = asked ? `${path}&cursor=${encodeURIComponent(asked)}` : path;
    getJson(address, RunHistory, abort.signal).then(
      (page) => {
        setProblem(null);
        setState((old) => ({
          path,
          runs: asked && old?.path === path ? [...old.runs, ...page.items] : page.items,
          cursor: page.next_cursor,
        }));
      },
      (error: unknown) => {
        if (!abort.signal.aborted)
          setProblem(error instanceof ApiProblem ? error : new ApiProblem(String(error), 0));
      },
    );
    return () => abort.abort();
  }, [path, asked]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another list begins at its own start
  useEffect(() => setAsked(null), [path]);
  const own = state?.path === path ? state : null;
  const cursor = own?.cursor ?? null;
  return {
    runs: own?.runs ?? null,
    problem,
    loading: asked !== null && asked === cursor,
    more: cursor ? () => setAsked(cursor) : null,
  };
}

function useColumns(seriesId: string): Column<RunMark>[] {
  const words = useWords(asAtWords).runs;
  const live = useWords(liveWords);
  return useMemo(
    () => [
      {
        key: "issued_at",
        name: words.issued,
        value: (run) => run.issued_at,
        show: (run) => (
          <span title={words.openTitle}>{dayAndTime(Date.parse(run.issued_at), "UTC")} UTC</span>
        ),
      },
      {
        key: "slot",
        name: words.slot,
        value: (run) => run.slot,
        show: (run) => `${dayAndTime(Date.parse(run.slot), "UTC")} UTC`,
      },
      {
        key: "model",
        name: words.model,
        value: (run) => `${run.model} ${run.model_version}`,
        show: (run) => `${live.models[run.model] ?? run.model}, ${run.model_version.slice(0, 8)}`,
      },
      {
        key: "rung",
        name: words.rung,
        value: (run) => run.rung,
        show: (run) => live.rungs[run.rung]?.short ?? live.rung(run.rung),
      },
      {
        key: "data_age_s",
        name: words.age,
        numeric: true,
        value: (run) => run.data_age_s,
        show: (run) => duration(run.data_age_s),
      },
      {
        key: "seal_state",
        name: words.seal,
        value: (run) => run.seal?.state ?? null,
        show: (run) => <SealBadge seal={run.seal} />,
      },
      {
        key: "run_id",
        name: words.proof,
        value: (run) => run.run_id,
        show: (run) =>
          run.seal?.state === "mined" || run.seal?.state === "final" ? (
            <a
              className="text-accent underline"
              download={proofFileName(run.run_id, seriesId)}
              href={proofPath(run.run_id, seriesId)}
            >
              {run.run_id.slice(0, 8)}
            </a>
          ) : (
            <code className="font-mono text-2xs text-muted">{run.run_id.slice(0, 8)}</code>
          ),
      },
    ],
    [words, live, seriesId],
  );
}
