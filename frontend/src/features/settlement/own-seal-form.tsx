"use client";
import { useState } from "react";
import type { Batch } from "@/artifacts/verifier/batch";
import { decodeError, readAll } from "@/features/wallet/contracts";
import { hexFrom } from "@/features/wallet/node";
import type { Address, Hex } from "@/features/wallet/provider";
import { refusalOf } from "@/features/wallet/refusal";
import { momentText, refusalText } from "@/features/wallet/say";
import { ApiProblem, problemFrom } from "@/lib/api";
import { Button } from "@/ui/button";
import { useLanguage, useWords } from "@/words/use-words";
import { walletWords } from "@/words/wallet";
import { batchOf, openingFile, typedData } from "./own-seal";
import { hashOf, type Step, slotSeconds } from "./plans";
import { StepList } from "./step-list";
import { useSettlement } from "./use-settlement";
import type { Slot } from "./wire";

interface Prepared {
  batch: Batch;
  opening: string;
}

/** Seals the forecasts of a run under the authority of the person whose wallet is connected. */
export function OwnSealForm({ summary }: { summary: Slot }) {
  const { words, contracts, connected, ready, place } = useSettlement();
  const wallet = useWords(walletWords);
  const { language } = useLanguage();
  const prepare = usePrepare(summary);
  const [prepared, setPrepared] = useState<Prepared | null>(null);
  const [signature, setSignature] = useState<Hex | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  if (!connected || !contracts || !place) return null;
  const attempt = async (what: () => Promise<void>) => {
    setProblem(null);
    try {
      await what();
    } catch (error) {
      const known = error instanceof ApiProblem ? error.message : null;
      setProblem(known ?? refusalText(refusalOf(error, decodeError), wallet, contracts.token, language));
    }
  };
  const sign = async (batch: Batch) => {
    const document = typedData(batch, place.chainId, place.addresses.ForecastRegistry);
    const params = [connected.account, document];
    setSignature(await hexFrom(connected.wallet.provider, "eth_signTypedData_v4", params));
  };
  return (
    <div className="mt-4 space-y-3 border-line border-t pt-3" data-testid="own-seal">
      <h3 className="font-semibold text-sm">{words.notarize.own}</h3>
      <p className="text-muted text-xs">{words.notarize.ownText}</p>
      {prepared ? (
        <>
          <p className="text-xs">
            {words.notarize.batch(Number(prepared.batch.leafCount), momentText(prepared.batch.gateClosure))}
          </p>
          <p className="text-xs">
            <a
              className="text-accent underline"
              data-testid="opening"
              download={`opening-${summary.product_id}-${prepared.batch.slot}.json`}
              href={`data:application/json,${encodeURIComponent(prepared.opening)}`}
            >
              {words.notarize.secret}
            </a>{" "}
            <span className="text-muted">{words.notarize.secretText}</span>
          </p>
          {signature ? (
            <StepList steps={[notarizeStep(prepared.batch, connected.account, signature, summary, words)]} />
          ) : (
            <Button
              data-testid="sign-batch"
              disabled={!ready}
              look="main"
              onClick={() => attempt(() => sign(prepared.batch))}
            >
              {words.notarize.sign}
            </Button>
          )}
        </>
      ) : (
        <Button
          data-testid="prepare-batch"
          disabled={!ready}
          onClick={() => attempt(async () => setPrepared(await prepare(connected.account)))}
        >
          {words.notarize.prepare}
        </Button>
      )}
      {ready ? null : <p className="text-muted text-xs">{words.needChain}</p>}
      {problem ? (
        <p className="text-bad text-xs" role="alert">
          {problem}
        </p>
      ) : null}
    </div>
  );
}

function usePrepare(summary: Slot): (account: Address) => Promise<Prepared> {
  const { words, place, followed } = useSettlement();
  return async (account) => {
    if (!place) throw new Error(words.notDeployed);
    const answer = await fetch(`/api/v1/forecasts/${encodeURIComponent(summary.run_id)}`);
    if (!answer.ok) throw await problemFrom(answer);
    const document = await answer.text();
    const key = [account, hashOf(summary.product_id), slotSeconds(summary.slot)];
    const [last, nonce, recorded] = await readAll(followed.node, place.addresses, [
      { contract: "ForecastRegistry", method: "lastBatch", args: [account] },
      { contract: "ForecastRegistry", method: "nextNonce", args: [account] },
      { contract: "ForecastRegistry", method: "record", args: key },
    ]);
    if (BigInt(recorded as Hex) !== 0n) throw new ApiProblem(words.notarize.taken, 409);
    const secret = crypto.getRandomValues(new Uint8Array(32));
    const batch = batchOf(document, secret, { prevBatch: last as Hex, nonce: nonce as bigint });
    return { batch, opening: openingFile(document, secret, batch, account) };
  };
}

function notarizeStep(
  batch: Batch,
  account: Address,
  signature: Hex,
  summary: Slot,
  words: ReturnType<typeof useSettlement>["words"],
): Step {
  const says = words.says.notarize(
    summary.product_id,
    momentText(slotSeconds(summary.slot)),
    momentText(batch.gateClosure),
  );
  const call = {
    contract: "ForecastRegistry",
    method: "notarize",
    args: [batch, account, signature],
  } as const;
  return { key: "notarize", says, call };
}
