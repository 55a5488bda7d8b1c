"use client";
import { useRouter, useSearchParams } from "next/navigation";
import { useCallback, useMemo } from "react";
import { useRoom } from "@/app-shell/room";
import { useKeys } from "@/app-shell/use-keys";
import { getJson } from "@/lib/api";
import { useDomainNow } from "@/lib/use-now";
import { usePolled } from "@/lib/use-polled";
import type { Series } from "@/lib/wire";
import { PageHead } from "@/ui/page-head";
import { kindOf, State } from "@/ui/state";
import { asAtWords } from "@/words/as-at";
import { useWords } from "@/words/use-words";
import { BEFORE_HOURS } from "./belief";
import { BelievedPanel } from "./believed-panel";
import { ChangesPanel } from "./changes-panel";
import { type Asked, addressOf, askedFrom, minute } from "./moment";
import { MomentBar } from "./moment-bar";
import { RevisionsPanel } from "./revisions-panel";
import { RunsPanel } from "./runs-panel";
import { BeliefsAt } from "./wire";

const HOUR_MS = 3_600_000;
/** Now moves; a moment of the past does not, only its seals and what was measured since. */
const EVERY_MS = 20_000;

/** The second time axis: not what is forecast for when, but what was believed when. */
export function AsAtPage() {
  const words = useWords(asAtWords);
  const room = useRoom();
  const nowMs = useDomainNow(room.clock, 5_000);
  const [asked, ask] = useAsked();
  const choices = (room.catalog.data?.series ?? []).filter((series) => series.forecast);
  const series = choices.find((one) => one.series_id === asked.series) ?? firstOf(choices);
  const atMs = asked.atMs ?? nowMs;
  useMomentKeys(atMs, nowMs, ask);
  return (
    <div className="flex flex-col gap-3">
      <PageHead text={words.text} title={words.title} />
      {series && atMs !== null && nowMs !== null ? (
        <>
          <MomentBar
            ask={ask}
            asked={asked}
            atMs={atMs}
            choices={choices}
            nowMs={nowMs}
            series={series}
            sites={room.catalog.data?.sites ?? []}
          />
          <Answer ask={ask} asked={asked} nowMs={nowMs} series={series} />
        </>
      ) : (
        <Before />
      )}
    </div>
  );
}

/** While the catalog is not there yet, or holds nothing, or cannot be read. */
function Before() {
  const words = useWords(asAtWords);
  const { catalog, clock } = useRoom();
  if (catalog.problem) return <State kind={kindOf(catalog.problem)} problem={catalog.problem} />;
  if (catalog.data && clock) return <State kind="first-run" title={words.noSeries} />;
  return <State kind="loading" title={words.loading} />;
}

function firstOf(choices: readonly Series[]): Series | null {
  return choices.find((one) => one.primary) ?? choices[0] ?? null;
}

function useAsked(): [Asked, (change: Partial<Asked>) => void] {
  const params = useSearchParams();
  const router = useRouter();
  const asked = useMemo(() => askedFrom(new URLSearchParams(params)), [params]);
  const ask = useCallback(
    (change: Partial<Asked>) =>
      router.replace(addressOf({ ...asked, ...change }, new URLSearchParams(params)), { scroll: false }),
    [asked, params, router],
  );
  return [asked, ask];
}

function useMomentKeys(atMs: number | null, nowMs: number | null, ask: (change: Partial<Asked>) => void) {
  const words = useWords(asAtWords);
  const move = useCallback(
    (hours: number) => {
      if (atMs === null || nowMs === null) return;
      const next = atMs + hours * HOUR_MS;
      ask({ atMs: next >= nowMs ? null : next });
    },
    [atMs, nowMs, ask],
  );
  useKeys(
    useMemo(
      () => [
        { keys: ["n"], group: "here", name: words.nowKey, run: () => ask({ atMs: null }) },
        { keys: ["["], group: "here", name: words.backKey, run: () => move(-1) },
        { keys: ["]"], group: "here", name: words.forthKey, run: () => move(1) },
      ],
      [words, ask, move],
    ),
  );
}

interface AnswerProps {
  asked: Asked;
  series: Series;
  nowMs: number;
  ask: (change: Partial<Asked>) => void;
}

function Answer({ asked, series, nowMs, ask }: AnswerProps) {
  const words = useWords(asAtWords);
  const at = asked.atMs === null ? "" : `&as_at=${minute(asked.atMs)}`;
  const before = BEFORE_HOURS.map((hours) => `&before=PT${hours}H`).join("");
  const path = `/api/v1/forecasts/at?series_id=${encodeURIComponent(series.series_id)}${at}${before}`;
  const load = useCallback((signal: AbortSignal) => getJson(path, BeliefsAt, signal), [path]);
  const { data, problem } = usePolled(load, EVERY_MS);
  const beliefs = data && data.series_id === series.series_id ? data : null;
  if (problem && !beliefs) return <State kind={kindOf(problem)} problem={problem} />;
  if (!beliefs) return <State kind="loading" title={words.loading} />;
  const empty = (beliefs.beliefs[0]?.points.length ?? 0) === 0;
  return (
    <>
      {problem ? (
        <State ageS={(nowMs - Date.parse(beliefs.as_at)) / 1000} kind="stale" problem={problem} />
      ) : null}
      {empty ? (
        <State kind="empty" title={words.nothing}>
          {words.nothingText}
        </State>
      ) : (
        <>
          <BelievedPanel ask={ask} beliefs={beliefs} nowMs={nowMs} path={path} />
          <ChangesPanel beliefs={beliefs} path={path} />
          <RevisionsPanel ask={ask} asked={asked} beliefs={beliefs} />
        </>
      )}
      <RunsPanel ask={ask} atMs={asked.atMs} series={series} />
    </>
  );
}
