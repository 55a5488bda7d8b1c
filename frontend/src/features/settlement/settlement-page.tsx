"use client";
import { useState } from "react";
import { momentText } from "@/features/wallet/say";
import { TxList } from "@/features/wallet/tx-view";
import { useSession } from "@/features/wallet/use-session";
import { WalletProvider } from "@/features/wallet/use-wallet";
import { WalletBar } from "@/features/wallet/wallet-bar";
import { PageHead } from "@/ui/page-head";
import { kindOf, State } from "@/ui/state";
import { Tabs } from "@/ui/tabs";
import { RecalibrateTab } from "./recalibrate-tab";
import { type Choice, keepChoice, TABS } from "./selection";
import { SlotsTab } from "./slots-tab";
import { StakeTab } from "./stake-tab";
import { SettlementProvider, useSettlement } from "./use-settlement";

/** Slots with what was sealed, measured, scored and settled; stakes; and what a wallet can do about them. */
export function SettlementPage({ initial, rpcUrl }: { initial: Choice; rpcUrl: string }) {
  return (
    <WalletProvider>
      <SettlementProvider>
        <Content initial={initial} rpcUrl={rpcUrl} />
      </SettlementProvider>
    </WalletProvider>
  );
}

function Content({ initial, rpcUrl }: { initial: Choice; rpcUrl: string }) {
  const { contracts, problem, followed, words } = useSettlement();
  const session = useSession();
  const [choice, setChoice] = useState(initial);
  const choose = (change: Partial<Choice>) => {
    const next = { ...choice, ...change };
    setChoice(next);
    keepChoice(next);
  };
  return (
    <div className="space-y-4" data-testid="settlement">
      <PageHead
        actions={
          contracts ? (
            <WalletBar
              chainId={contracts.chain_id}
              rpcUrl={rpcUrl}
              session={session}
              token={contracts.token}
            />
          ) : null
        }
        text={words.text}
        title={words.title}
      />
      {problem ? (
        problem.status === 503 ? (
          <State kind="first-run" title={words.notDeployed}>
            {words.notDeployedText} {problem.message}
          </State>
        ) : (
          <State kind={kindOf(problem)} problem={problem} />
        )
      ) : null}
      {contracts ? (
        <>
          <Tabs
            label={words.tabs.label}
            onSelect={(tab) => choose({ tab })}
            selected={choice.tab}
            tabs={TABS.map((key) => ({ key, name: words.tabs[key] }))}
          >
            {choice.tab === "slots" ? <SlotsTab choice={choice} onChoose={choose} /> : null}
            {choice.tab === "stake" ? <StakeTab /> : null}
            {choice.tab === "recalibrate" ? <RecalibrateTab /> : null}
          </Tabs>
          <TxList
            confirmations={contracts.confirmations}
            entries={followed.entries}
            onForget={(id) => followed.book.forget(id)}
            token={contracts.token}
          />
          <p className="text-2xs text-muted">
            {words.chainTime(momentText(Date.parse(contracts.block_time) / 1000))}
          </p>
        </>
      ) : problem ? null : (
        <State kind="loading" />
      )}
    </div>
  );
}
