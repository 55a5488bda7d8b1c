"use client";
import { useEffect, useState } from "react";
import { readAll } from "@/features/wallet/contracts";
import { sameHex } from "@/features/wallet/node";
import { CopyButton } from "@/ui/copy-button";
import { Field, INPUT } from "./field";
import { disputeSteps, ruleStep } from "./plans";
import { StepList } from "./step-list";
import { useSettlement } from "./use-settlement";
import type { Round } from "./wire";

const LONGEST_EVIDENCE = 2_000;

/** Doubt about the measured values of a slot: a text, and a bond equal to the provider's. */
export function DisputeForm({
  round,
  version,
  open,
  onEvidence,
}: {
  round: Round;
  version: number;
  open: boolean;
  /** The hash of this text is on its way to the chain. */
  onEvidence: (text: string) => void;
}) {
  const { facts, words, connected } = useSettlement();
  const [evidence, setEvidence] = useState("");
  const [sent, setSent] = useState(false);
  const told = evidence.trim();
  const steps =
    facts && told
      ? disputeSteps(facts, { productId: round.product_id, slot: round.slot, version, evidence: told })
      : [];
  if (!connected) return <p className="mt-3 text-muted text-xs">{words.needWallet}</p>;
  return (
    <section className="mt-3 space-y-3 border-line border-t pt-3" data-testid="dispute-form">
      <h3 className="font-semibold text-sm">{words.dispute.title}</h3>
      <Field
        help={words.dispute.evidenceHelp}
        name={words.dispute.evidence}
        problem={open ? null : words.dispute.over}
      >
        {(ids) => (
          <textarea
            {...ids}
            className={INPUT}
            data-testid="evidence"
            maxLength={LONGEST_EVIDENCE}
            onChange={(event) => setEvidence(event.target.value)}
            readOnly={sent}
            rows={3}
            value={evidence}
          />
        )}
      </Field>
      <StepList
        blocked={open || sent ? null : words.dispute.over}
        onSent={(key) => {
          setSent(true);
          if (key === "dispute") onEvidence(told);
        }}
        steps={steps}
      />
      {sent ? (
        <p className="flex items-center gap-2 text-2xs text-muted">
          {words.dispute.keep} <CopyButton text={told} what={words.detail.evidence} />
        </p>
      ) : null}
    </section>
  );
}

/**
 * For the arbiter: the ruling. Nothing for anybody else.
 *
 * It stays once a ruling was sent: the round may show the ruling before the transaction has said that it is final.
 */
export function RuleForm({ disputeId, open }: { disputeId: string; open: boolean }) {
  const { words, connected, place, followed } = useSettlement();
  const [arbiter, setArbiter] = useState<string | null>(null);
  const [ruling, setRuling] = useState<1 | 2 | null>(null);
  const [sent, setSent] = useState(false);
  const { node } = followed;
  useEffect(() => {
    if (!place || !open) return;
    let ended = false;
    readAll(node, place.addresses, [{ contract: "Arbiter", method: "owner", args: [] }])
      .then(([owner]) => !ended && setArbiter(String(owner)))
      // Without an answer the form stays away; the list above says that the dispute is open.
      .catch(() => undefined);
    return () => {
      ended = true;
    };
  }, [node, place, open]);
  if (!open && !sent) return null;
  if (!connected || !arbiter || !sameHex(arbiter, connected.account)) return null;
  return (
    <section className="space-y-3 border-line border-t pt-3" data-testid="rule-form">
      <h3 className="font-semibold text-sm">{words.rule.title}</h3>
      <p className="text-muted text-xs">{words.rule.text}</p>
      <div className="flex flex-wrap gap-4">
        {([1, 2] as const).map((answer) => (
          <label className="inline-flex min-h-6 items-center gap-2 text-xs" key={answer}>
            <input
              checked={ruling === answer}
              disabled={sent}
              name={`rule-${disputeId}`}
              onChange={() => setRuling(answer)}
              type="radio"
            />
            {words.rule[answer]}
          </label>
        ))}
      </div>
      {ruling ? (
        <StepList
          key={ruling}
          onDone={() => setSent(false)}
          onSent={() => setSent(true)}
          steps={[ruleStep({ words }, disputeId, ruling)]}
        />
      ) : null}
    </section>
  );
}
