"use client";
import { useState } from "react";
import * as z from "zod/mini";
import { ApiProblem, sendJson } from "@/lib/api";
import { Button } from "@/ui/button";
import { Panel } from "@/ui/panel";
import { kindOf, State } from "@/ui/state";
import { OwnSealForm } from "./own-seal-form";
import { useSettlement } from "./use-settlement";
import type { Slot } from "./wire";

/** Sealing while the gate is open: by the service, and by an authority itself. Nothing once it is closed. */
export function NotarizePanel({ summary }: { summary: Slot }) {
  const { words, contracts, account } = useSettlement();
  if (!contracts || Date.parse(contracts.block_time) >= Date.parse(summary.gate_closure)) return null;
  const sealed = summary.seal === "mined" || summary.seal === "final";
  const own = account?.roles.includes("authority") ?? false;
  if (sealed && !own) return null;
  return (
    <Panel testId="notarize" title={words.notarize.title}>
      {sealed ? null : <ByService run={summary.run_id} />}
      {own ? <OwnSealForm key={`${account?.address} ${summary.run_id}`} summary={summary} /> : null}
    </Panel>
  );
}

function ByService({ run }: { run: string }) {
  const { words, refresh } = useSettlement();
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const [asked, setAsked] = useState(false);
  const ask = async () => {
    setProblem(null);
    try {
      await sendJson("POST", "/api/v1/settlements/notarize", { run_id: run }, z.unknown());
      setAsked(true);
      refresh();
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error;
      setProblem(error);
    }
  };
  return (
    <div className="space-y-2">
      <p className="text-xs">{words.notarize.serviceText}</p>
      <Button onClick={ask}>{words.notarize.service}</Button>
      {asked ? (
        <p className="text-muted text-xs" role="status">
          {words.notarize.asked}
        </p>
      ) : null}
      {problem ? <State kind={kindOf(problem)} problem={problem} /> : null}
    </div>
  );
}
