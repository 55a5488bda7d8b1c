"use client";
import { useCallback, useState } from "react";
import * as z from "zod/mini";
import { CHAIN_ROUTE } from "@/features/wallet/node";
import { ApiProblem, getJson } from "@/lib/api";
import { CopyButton } from "@/ui/copy-button";
import { PageHead } from "@/ui/page-head";
import { Panel } from "@/ui/panel";
import { useWords } from "@/words/use-words";
import { verifyWords } from "@/words/verify";
import { CheckList } from "./check-list";
import { Claim } from "./claim";
import { FromRun } from "./from-run";
import { type Judgement, judge, type Pins } from "./judge";
import { TakeFile } from "./take-file";

const Place = z.object({
  chain_id: z.int(),
  contracts: z.array(z.object({ name: z.string(), address: z.string() })),
});

/** Chain and registry of this installation; nothing is compared while the service does not say. */
async function knownHere(): Promise<Pins> {
  try {
    const { chain_id, contracts } = await getJson("/api/v1/contracts", Place);
    const registry = contracts.find(({ name }) => name === "ForecastRegistry")?.address;
    return { chainId: BigInt(chain_id), ...(registry ? { registry } : {}) };
  } catch (error) {
    if (error instanceof ApiProblem) return {};
    throw error;
  }
}

const PAGE_FILE = "/artifacts/gridseal-verify.html";

/** Checks a proof file in the reader's own browser, check by check. */
export function VerifyPage({
  run,
  series,
  rpcUrl,
}: {
  run: string | null;
  series: string | null;
  rpcUrl: string;
}) {
  const words = useWords(verifyWords);
  const [judgement, setJudgement] = useState<Judgement | null>(null);
  const check = useCallback(async (text: string) => {
    setJudgement({ outcome: "checking", proof: null, checks: [], problem: null });
    for await (const told of judge(text, CHAIN_ROUTE, await knownHere())) setJudgement(told);
  }, []);
  return (
    <div className="max-w-5xl space-y-4" data-testid="verify">
      <PageHead text={words.text} title={words.title} />
      {run ? <FromRun initial={series} onText={check} run={run} /> : null}
      <TakeFile onText={check} />
      {judgement ? <CheckList judgement={judgement} /> : null}
      {judgement?.proof ? <Claim proof={judgement.proof} /> : null}
      <Panel title={words.elsewhere}>
        <p className="text-muted text-xs">{words.elsewhereText}</p>
        <div className="mt-2 flex flex-wrap items-center gap-3 text-xs">
          <a className="text-accent underline" data-testid="page-file" download href={PAGE_FILE}>
            {words.download}
          </a>
          <span className="flex min-w-0 items-center gap-2">
            <code className="truncate rounded bg-raised px-2 py-1 font-mono">
              gridseal verify proof.json --rpc {rpcUrl}
            </code>
            <CopyButton text={`gridseal verify proof.json --rpc ${rpcUrl}`} what="gridseal verify" />
          </span>
        </div>
      </Panel>
    </div>
  );
}
