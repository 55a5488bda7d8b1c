"use client";
import { useState } from "react";
import { z } from "zod";
import { type ApiProblem, sendJson } from "@/lib/api";
import { Button } from "@/ui/button";
import { Panel } from "@/ui/panel";
import { kindOf, State } from "@/ui/state";
import { useSettlement } from "./use-settlement";
import type { Slot } from "./wire";

/** Sealing a run while its gate is open: by the service. Nothing once nothing can be sealed any more. */
export function NotarizePanel({ summary }: { summary: Slot }) {
  const { words, contracts, refresh } = useSettlement();
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const [asked, setAsked] = useState(false);
  if (!contracts) return null;
  const open = contracts.block_time < summary.gate_closure;
  const sealed = summary.seal === "mined" || summary.seal === "final";
  if (sealed || !open) return null;
  const ask = async () => {
    setProblem(null);
    try {
      await sendJson("POST", "/api/v1/settlements/notarize", { run_id: summary.run_id }, z.unknown());
      setAsked(true);
      refresh();
    } catch (error) {
      setProblem(error as ApiProblem);
    }
  };
  return (
    <Panel testId="notarize" title={words.notarize.title}>
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
    </Panel>
  );
}
