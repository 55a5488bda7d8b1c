"use client";
import Link from "next/link";
import { useCallback, useState } from "react";
import { shortHex } from "@/features/wallet/amount";
import { momentText } from "@/features/wallet/say";
import { type ApiProblem, getJson } from "@/lib/api";
import { duration } from "@/lib/time";
import { type Polled, usePolled } from "@/lib/use-polled";
import { DataTable } from "@/ui/data-table";
import { Fact } from "@/ui/fact";
import { Panel } from "@/ui/panel";
import { Pill } from "@/ui/pill";
import { kindOf, State } from "@/ui/state";
import { ROUND_TONES, SEAL_TONES } from "./looks";
import { NotarizePanel } from "./notarize-panel";
import { nameOf } from "./plans";
import { Hash, RoundParts } from "./round-parts";
import { tellEvidence } from "./tell";
import { useSettlement } from "./use-settlement";
import { type Round, Round as RoundShape, type Slot, SlotHistory, type SlotSeal } from "./wire";

const seconds = (moment: string) => Date.parse(moment) / 1000;

interface Props {
  product: string;
  slot: string;
  summary: Slot | null;
}

export function SlotDetail({ product, slot, summary }: Props) {
  const { words, turn } = useSettlement();
  const path = `${encodeURIComponent(product)}/${encodeURIComponent(slot)}`;
  const [evidence, setEvidence] = useState<readonly string[]>([]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new turn asks again at once
  const loadRound = useCallback(
    async (signal: AbortSignal) => {
      const told = await getJson(`/api/v1/settlements/rounds/${path}`, RoundShape, signal);
      await tellEvidence(told.disputes, evidence);
      return told;
    },
    [path, turn, evidence],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new turn asks again at once
  const loadHistory = useCallback(
    (signal: AbortSignal) => getJson(`/api/v1/settlements/slots/${path}`, SlotHistory, signal),
    [path, turn],
  );
  const round = usePolled(loadRound, 3_000);
  const history = usePolled(loadHistory, 6_000);
  return (
    <div className="min-w-0 space-y-4" data-testid="slot-detail">
      <Panel
        actions={round.data ? <RoundPill round={round.data} /> : null}
        testId="slot-facts"
        title={`${product}, ${momentText(seconds(slot))}`}
      >
        <RoundSentence round={round} />
        {summary ? <SealFacts summary={summary} /> : null}
      </Panel>
      {round.data ? (
        <RoundParts onEvidence={(text) => setEvidence((old) => [...old, text])} round={round.data} />
      ) : null}
      <Panel note={words.detail.historyText} flush testId="history" title={words.detail.history}>
        {history.data ? <History items={history.data.items} /> : <Problem problem={history.problem} />}
      </Panel>
      {summary ? <NotarizePanel summary={summary} /> : null}
      {round.data && round.data.steps.length > 0 ? <Steps round={round.data} /> : null}
    </div>
  );
}

function Problem({ problem }: { problem: ApiProblem | null }) {
  return (
    <div className="p-3">
      {problem ? <State kind={kindOf(problem)} problem={problem} /> : <State kind="loading" />}
    </div>
  );
}

function RoundPill({ round }: { round: Round }) {
  const { words } = useSettlement();
  return (
    <span data-round={round.state} data-testid="round-state">
      <Pill tone={ROUND_TONES[round.state]}>{words.rounds[round.state]}</Pill>
    </span>
  );
}

/** What the round's state means and what comes next. */
function RoundSentence({ round }: { round: Polled<Round> }) {
  const { words } = useSettlement();
  const { data, problem } = round;
  if (!data && problem && problem.status !== 404) return <State kind={kindOf(problem)} problem={problem} />;
  if (!data) return <p className="mb-2 text-muted text-xs">{problem ? words.roundText.none : ""}</p>;
  const texts = words.roundText;
  const told =
    data.state === "waiting"
      ? texts.waiting(momentText(seconds(data.due_at)))
      : data.state === "proposed"
        ? texts.proposed(data.actuals ? momentText(seconds(data.actuals.final_at)) : "—")
        : data.state === "revealing"
          ? texts.revealing(data.deadline ? momentText(seconds(data.deadline)) : "—")
          : texts[data.state];
  return <p className="mb-2 text-xs">{told}</p>;
}

function SealFacts({ summary }: { summary: Slot }) {
  const { words } = useSettlement();
  const { detail } = words;
  const lead = summary.sealed_at ? seconds(summary.gate_closure) - seconds(summary.sealed_at) : null;
  const mined = summary.seal === "mined" || summary.seal === "final";
  return (
    <>
      <dl>
        <Fact name={words.slots.seal}>
          <Pill tone={SEAL_TONES[summary.seal]}>{words.seals[summary.seal]}</Pill>
        </Fact>
        <Fact name={detail.gate}>{momentText(seconds(summary.gate_closure))}</Fact>
        {summary.sealed_at && lead !== null ? (
          <Fact name={detail.sealedAt}>
            {momentText(seconds(summary.sealed_at))}
            {lead > 0 ? `, ${detail.beforeGate(duration(lead))}` : ""}
          </Fact>
        ) : null}
        <Fact name={`${detail.run}, ${words.slots.version} ${summary.version}`} title={summary.run_id}>
          <code className="font-mono">{shortHex(summary.run_id)}</code>
        </Fact>
        {summary.tx_hash ? <Hash name={detail.transaction} value={summary.tx_hash} /> : null}
      </dl>
      {mined ? (
        <p className="pt-2">
          <Link
            className="text-accent text-xs underline"
            data-testid="verify-link"
            href={`/verify?run=${encodeURIComponent(summary.run_id)}`}
          >
            {detail.verify}
          </Link>
        </p>
      ) : null}
    </>
  );
}

function History({ items }: { items: readonly SlotSeal[] }) {
  const { words, names } = useSettlement();
  const { detail } = words;
  return (
    <DataTable
      caption={detail.history}
      columns={[
        {
          key: "authority",
          name: detail.authority,
          value: (row) => row.authority,
          show: (row) => nameOf({ names, words }, row.authority),
        },
        { key: "version", name: words.slots.version, numeric: true, value: (row) => row.version },
        {
          key: "counts",
          name: detail.counts,
          value: (row) => String(row.counts),
          show: (row) => (row.counts ? detail.yes : detail.no),
        },
        {
          key: "batch_hash",
          name: detail.batch,
          value: (row) => row.batch_hash,
          show: (row) => (
            <code className="font-mono" title={row.batch_hash}>
              {shortHex(row.batch_hash)}
            </code>
          ),
        },
      ]}
      file="gridseal-slot-history"
      rowKey={(row) => row.batch_hash}
      rows={items}
    />
  );
}

function Steps({ round }: { round: Round }) {
  const { words } = useSettlement();
  const { detail } = words;
  const events: Readonly<Record<string, string>> = words.events;
  return (
    <Panel flush testId="steps" title={detail.steps}>
      <DataTable
        caption={detail.steps}
        columns={[
          {
            key: "event",
            name: detail.event,
            value: (row) => row.event,
            show: (row) => events[row.event] ?? row.event,
          },
          {
            key: "block_time",
            name: detail.time,
            value: (row) => row.block_time,
            show: (row) => momentText(seconds(row.block_time)),
          },
          { key: "block_number", name: detail.block, numeric: true, value: (row) => row.block_number },
          {
            key: "tx_hash",
            name: detail.transaction,
            value: (row) => row.tx_hash,
            show: (row) => (
              <code className="font-mono" title={row.tx_hash}>
                {shortHex(row.tx_hash)}
              </code>
            ),
          },
        ]}
        file="gridseal-round"
        height="max-h-80"
        rowKey={(row) => String(row.order)}
        rows={round.steps.map((step, order) => ({ ...step, order }))}
      />
    </Panel>
  );
}
