"use client";
import { useEffect, useRef, useState } from "react";
import { useRoom } from "@/app-shell/room";
import { type Loaded, useLoaded } from "@/features/charts/loaded";
import { formatCount, formatNumber } from "@/lib/units";
import { Panel } from "@/ui/panel";
import { Pill } from "@/ui/pill";
import { kindOf, State } from "@/ui/state";
import { pipelineWords } from "@/words/pipeline";
import { useWords } from "@/words/use-words";
import { rate, total } from "./hops";
import { GatewayStatus, SealSummary, StreamStatus } from "./wire";

interface Stage {
  key: "gateway" | "stream" | "store" | "forecast" | "seal";
  source: Loaded<unknown>;
  rate: string;
  lag: string;
  refused: number | null;
  facts: [string, string][];
  bad: boolean;
}

/** Rate, lag and refusals of every stage, in the order in which a message passes them. */
export function Stages() {
  const words = useWords(pipelineWords);
  const stages = useStages();
  return (
    <Panel testId="stages" title={words.stages.title}>
      <ol className="grid grid-cols-1 gap-2 sm:grid-cols-2 xl:grid-cols-5">
        {stages.map((stage, index) => (
          <li className="min-w-0 rounded-md border border-line p-2" key={stage.key}>
            <div className="flex items-center justify-between gap-2">
              <p className="truncate font-medium text-xs">
                <span className="text-muted">{index + 1}</span> {words.stages.names[stage.key]}
              </p>
              {stage.source.data === null ? null : (
                <Pill tone={stage.bad ? "warn" : "ok"}>
                  {stage.bad ? words.stages.look : words.stages.fine}
                </Pill>
              )}
            </div>
            {stage.source.data === null ? (
              <div className="mt-2">
                <State
                  kind={stage.source.problem ? kindOf(stage.source.problem) : "loading"}
                  onRetry={stage.source.problem ? stage.source.retry : undefined}
                  problem={stage.source.problem}
                />
              </div>
            ) : (
              <dl className="mt-1.5 text-xs">
                <Line name={words.stages.rate} strong value={stage.rate} />
                <Line name={words.stages.lag} strong value={stage.lag} />
                <Line
                  name={words.stages.refused}
                  strong
                  value={stage.refused === null ? "—" : formatCount(stage.refused)}
                />
                {stage.facts.map(([name, value]) => (
                  <Line key={name} name={name} value={value} />
                ))}
              </dl>
            )}
          </li>
        ))}
      </ol>
      <p className="mt-2 text-2xs text-muted">{words.stages.note}</p>
    </Panel>
  );
}

function Line({ name, value, strong }: { name: string; value: string; strong?: boolean }) {
  return (
    <div className="flex items-baseline justify-between gap-2 border-line border-b py-0.5 last:border-b-0">
      <dt className="min-w-0 truncate text-muted">{name}</dt>
      <dd className={`whitespace-nowrap ${strong ? "font-medium" : "text-muted"}`}>{value}</dd>
    </div>
  );
}

/** Per second over the last two looks. */
function useRate(value: number | null, atMs: number | null): number | null {
  const before = useRef<{ value: number; atMs: number } | null>(null);
  const [found, setFound] = useState<number | null>(null);
  useEffect(() => {
    if (value === null || atMs === null || before.current?.atMs === atMs) return;
    const now = { value, atMs };
    const next = rate(before.current, now);
    if (next !== null) setFound(next);
    before.current = now;
  }, [value, atMs]);
  return found;
}

function useStages(): Stage[] {
  const t = useWords(pipelineWords).stages;
  const room = useRoom();
  const gateway = useLoaded("/api/v1/gateway/status", GatewayStatus, 3_000);
  const stream = useLoaded("/api/v1/stream/status", StreamStatus, 3_000);
  const seals = useLoaded("/api/v1/settlements/summary", SealSummary, 5_000);
  const summary = room.summary.data;
  const [g, s] = [gateway.data, stream.data];
  const states = seals.data?.states ?? {};
  const per = (found: number | null, unit: string) =>
    found === null ? t.counting : `${formatNumber(found, found < 10 ? 1 : 0)} ${unit}`;
  const received = useRate(g?.messages_received ?? null, gateway.atMs);
  const stored = useRate(s?.stored ?? null, stream.atMs);
  const waiting = (states.built ?? 0) + (states.pending ?? 0) + (states.signed ?? 0) + (states.sent ?? 0);
  const forecast: Loaded<unknown> = {
    data: summary,
    problem: room.summary.problem,
    atMs: null,
    retry: room.retry,
  };
  return [
    {
      key: "gateway",
      source: gateway,
      rate: per(received, t.perS),
      lag: g ? t.inHand(g.in_flight, formatNumber(g.oldest_unacknowledged_s, 1)) : "",
      refused: g ? total(g.refused) + total(g.quarantined) : null,
      facts: g
        ? [
            [t.devices, formatCount(g.devices_known)],
            [t.accepted, formatCount(g.messages_accepted)],
            [t.receipts, formatCount(g.receipts_sent)],
          ]
        : [],
      bad: g !== null && (!g.mqtt_connected || g.oldest_unacknowledged_s > 10),
    },
    {
      key: "stream",
      source: stream,
      rate: per(s?.rows_per_s ?? null, t.rowsPerS),
      lag: s ? (s.lag_messages === null ? "—" : t.messages(formatCount(s.lag_messages))) : "",
      refused: s ? total(s.refused) : null,
      facts: s
        ? [
            [t.batch, `${formatNumber(s.last_batch_ms, 0)} ms`],
            [t.late, formatCount(s.late)],
            [t.duplicates, formatCount(s.duplicates)],
          ]
        : [],
      bad: (s?.lag_messages ?? 0) > 10_000,
    },
    {
      key: "store",
      source: stream,
      rate: per(stored, t.rowsPerS),
      lag: s?.latency_last_60_s ? `p99 ${formatNumber(s.latency_last_60_s.p99_ms / 1_000, 2)} s` : "—",
      refused: null,
      facts: s
        ? [
            [t.stored, formatCount(s.stored)],
            [t.batches, formatCount(s.batches)],
          ]
        : [],
      bad: (s?.latency_last_60_s?.p99_ms ?? 0) > 5_000,
    },
    {
      key: "forecast",
      source: forecast,
      rate: summary ? t.runs(formatCount(summary.runs_issued)) : "",
      lag: summary ? t.lateRuns(formatCount(summary.runs_late)) : "",
      refused: null,
      facts: summary
        ? [
            [t.products, formatCount(summary.products)],
            [t.series, formatCount(summary.series)],
          ]
        : [],
      bad: false,
    },
    {
      key: "seal",
      source: seals,
      rate: t.sealed(formatCount((states.mined ?? 0) + (states.final ?? 0))),
      lag: t.waiting(formatCount(waiting)),
      refused: (states.failed ?? 0) + (states.late ?? 0),
      facts: [
        [t.final, formatCount(states.final ?? 0)],
        [t.tooLate, formatCount(states.late ?? 0)],
      ],
      bad: (states.failed ?? 0) > 0,
    },
  ];
}
