"use client";
import { shortHex } from "@/features/wallet/amount";
import { momentText } from "@/features/wallet/say";
import { formatNumber } from "@/lib/units";
import { CopyButton } from "@/ui/copy-button";
import { DataTable } from "@/ui/data-table";
import { Fact } from "@/ui/fact";
import { Panel } from "@/ui/panel";
import { DisputeForm, RuleForm } from "./dispute-forms";
import { amountText, nameOf } from "./plans";
import { useSettlement } from "./use-settlement";
import type { Round } from "./wire";

const seconds = (moment: string) => Date.parse(moment) / 1000;

export function Hash({ name, value }: { name: string; value: string }) {
  return (
    <Fact name={name} title={value}>
      <span className="inline-flex items-center gap-2">
        <code className="font-mono">{shortHex(value)}</code>
        <CopyButton text={value} what={name} />
      </span>
    </Fact>
  );
}

interface Props {
  round: Round;
  onEvidence: (text: string) => void;
}

/** What was measured, doubted and scored. */
export function RoundParts({ round, onEvidence }: Props) {
  const { words } = useSettlement();
  return (
    <>
      <Actuals onEvidence={onEvidence} round={round} />
      {round.disputes.length > 0 ? (
        <Panel testId="disputes" title={words.detail.disputes}>
          <Disputes round={round} />
        </Panel>
      ) : null}
      <Scores round={round} />
    </>
  );
}

function Actuals({ round, onEvidence }: Props) {
  const { words, contracts } = useSettlement();
  const { detail } = words;
  const { actuals } = round;
  if (!actuals) {
    return (
      <Panel testId="actuals" title={detail.actuals}>
        <p className="text-muted text-xs">{detail.noActuals}</p>
      </Panel>
    );
  }
  const now = contracts ? Date.parse(contracts.block_time) : Number.POSITIVE_INFINITY;
  const open = round.state === "proposed" && now < Date.parse(actuals.final_at);
  const path = `/api/v1/settlements/rounds/${encodeURIComponent(round.product_id)}/${encodeURIComponent(round.slot)}`;
  return (
    <Panel note={detail.values(actuals.leaf_count)} testId="actuals" title={detail.actuals}>
      <dl>
        <Fact name={words.slots.version}>{actuals.version}</Fact>
        <Fact name={open ? detail.finalAt : detail.wasFinalAt}>{momentText(seconds(actuals.final_at))}</Fact>
        <Hash name={detail.root} value={actuals.root} />
        <Hash name={detail.transaction} value={actuals.tx_hash} />
      </dl>
      <p className="pt-2">
        <a
          className="text-accent text-xs underline"
          download
          href={`${path}/actuals?version=${actuals.version}`}
        >
          {detail.download}
        </a>
      </p>
      {round.state === "proposed" ? (
        <DisputeForm onEvidence={onEvidence} open={open} round={round} version={actuals.version} />
      ) : null}
    </Panel>
  );
}

function Disputes({ round }: { round: Round }) {
  const { words, names } = useSettlement();
  const { detail } = words;
  const rulings: Readonly<Record<string, string>> = detail.rulings;
  return (
    <ul className="space-y-3">
      {round.disputes.map((dispute) => (
        <li className="space-y-1 text-xs" data-testid="dispute-row" key={dispute.dispute_id}>
          <p>
            <b>{rulings[String(dispute.ruling ?? "open")]}</b>, {detail.opened}{" "}
            {momentText(seconds(dispute.opened_at))} {detail.by}{" "}
            {dispute.challenger ? nameOf({ names, words }, dispute.challenger) : "—"}
          </p>
          {dispute.evidence ? (
            <blockquote
              className="whitespace-pre-line border-line border-l-2 pl-2"
              data-testid="dispute-evidence"
            >
              {dispute.evidence}
            </blockquote>
          ) : null}
          {dispute.ruling === null && dispute.ruling_deadline ? (
            <p className="text-muted" data-testid="ruling-deadline">
              {detail.rulingUntil(momentText(seconds(dispute.ruling_deadline)))}
            </p>
          ) : null}
          <dl>
            <Hash name={detail.evidence} value={dispute.evidence_hash} />
          </dl>
          <RuleForm
            disputeId={dispute.dispute_id}
            open={dispute.ruling === null && round.state === "disputed"}
          />
        </li>
      ))}
    </ul>
  );
}

interface ScoreRow {
  authority: string;
  name: string;
  score: number | null;
  revealed: number;
  effect: string;
}

function Scores({ round }: { round: Round }) {
  const { words, names, contracts, language } = useSettlement();
  const { detail } = words;
  const kinds: Readonly<Record<string, string>> = { taken: detail.taken, given: detail.given };
  const authorities = [
    ...new Set([...Object.keys(round.revealed), ...round.scores.map((one) => one.authority)]),
  ];
  const rows: ScoreRow[] = authorities.map((authority) => ({
    authority,
    name: nameOf({ names, words }, authority),
    score: round.scores.find((one) => one.authority === authority)?.score_ratio ?? null,
    revealed: round.revealed[authority] ?? 0,
    effect: round.moves
      .filter((move) => move.authority === authority && contracts)
      .map(
        (move) =>
          `${contracts ? amountText({ contracts, language }, move.amount) : ""} ${kinds[move.kind] ?? ""}`,
      )
      .join(", "),
  }));
  if (rows.length === 0) return null;
  return (
    <Panel flush note={detail.scoresText} testId="scores" title={detail.scores}>
      <DataTable
        caption={detail.scores}
        columns={[
          {
            key: "authority",
            name: detail.authority,
            value: (row) => row.authority,
            show: (row) => row.name,
          },
          {
            key: "score_ratio",
            name: detail.score,
            numeric: true,
            value: (row) => row.score,
            show: (row) => (row.score === null ? "—" : `${formatNumber(row.score * 100, 3)} %`),
          },
          { key: "revealed", name: detail.revealed, numeric: true, value: (row) => row.revealed },
          { key: "effect", name: detail.effect, value: (row) => row.effect },
        ]}
        file="gridseal-scores"
        rowKey={(row) => row.authority}
        rows={rows}
      />
    </Panel>
  );
}
