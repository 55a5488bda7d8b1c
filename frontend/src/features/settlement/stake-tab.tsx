"use client";
import { useState } from "react";
import { formatAmount, parseAmount } from "@/features/wallet/amount";
import { momentText } from "@/features/wallet/say";
import { Button } from "@/ui/button";
import { DataTable } from "@/ui/data-table";
import { Fact } from "@/ui/fact";
import { Panel } from "@/ui/panel";
import { Pill } from "@/ui/pill";
import { State } from "@/ui/state";
import { Field, INPUT } from "./field";
import { amountText, claimStep, exitStep, type Facts, nameOf, stakeSteps, withdrawStep } from "./plans";
import { StepList } from "./step-list";
import { TakePart } from "./take-part";
import { useSettlement } from "./use-settlement";
import type { ExitRequest, Holding, Stake } from "./wire";

export function StakeTab() {
  const { facts, connected, words } = useSettlement();
  return (
    <div className="grid items-start gap-4 lg:grid-cols-2">
      <div className="min-w-0 space-y-4">
        {connected && facts ? (
          <>
            <Yours facts={facts} />
            <StakeForm facts={facts} />
          </>
        ) : (
          <State kind={connected ? "loading" : "empty"} title={connected ? undefined : words.needWallet} />
        )}
      </div>
      <div className="min-w-0 space-y-4">
        {connected && facts ? (
          <>
            <Holdings facts={facts} />
            <TakePart facts={facts} />
          </>
        ) : null}
        <AllStakes />
      </div>
    </div>
  );
}

function Yours({ facts }: { facts: Facts }) {
  const { words, account } = facts;
  const staked = account.holdings.reduce((sum, one) => sum + BigInt(one.worth), 0n);
  const owed = BigInt(account.owed);
  return (
    <Panel testId="your-account" title={words.stake.yours}>
      <dl>
        <Fact name={words.stake.tokens}>
          <span data-testid="tokens">{amountText(facts, account.tokens)}</span>
        </Fact>
        <Fact name={words.stake.staked}>
          <span data-testid="staked">{amountText(facts, staked)}</span>
        </Fact>
        <Fact name={words.stake.owed}>
          <span data-testid="owed">{amountText(facts, owed)}</span>
        </Fact>
        <Fact name={words.stake.ether}>
          {formatAmount(BigInt(account.balance_wei), 18, facts.language)} ETH
        </Fact>
      </dl>
      <Once when={owed > 0n}>
        {(close) => (
          <div className="mt-3 space-y-3 border-line border-t pt-3">
            <h3 className="font-semibold text-sm">{words.stake.claim}</h3>
            <StepList onDone={close} steps={[claimStep(facts)]} testId="claim" />
          </div>
        )}
      </Once>
    </Panel>
  );
}

/** Shown from when it is possible until the person has seen that it is done. */
function Once({ when, children }: { when: boolean; children: (close: () => void) => React.ReactNode }) {
  const [shown, setShown] = useState(when);
  if (when && !shown) setShown(true);
  return shown ? children(() => setShown(false)) : null;
}

function StakeForm({ facts }: { facts: Facts }) {
  const { words, account, contracts } = facts;
  const { decimals, symbol } = contracts.token;
  const [chosen, setChosen] = useState<string | null>(null);
  const [text, setText] = useState("");
  const authority = chosen ?? account.may_back[0] ?? null;
  const amount = parseAmount(text, decimals);
  const tooMuch = amount !== null && amount > BigInt(account.tokens);
  const problem =
    text === ""
      ? null
      : amount === null
        ? words.stake.badAmount
        : tooMuch
          ? words.stake.tooMuch(amountText(facts, account.tokens))
          : null;
  if (!authority) {
    return (
      <Panel testId="stake-form" title={words.stake.title}>
        <State kind="no-permission">{words.stake.mayBackNone}</State>
      </Panel>
    );
  }
  return (
    <Panel testId="stake-form" title={words.stake.title}>
      <div className="space-y-3">
        <Field name={words.stake.authority}>
          {(ids) => (
            <select
              {...ids}
              className={INPUT}
              onChange={(event) => setChosen(event.target.value)}
              value={authority}
            >
              {account.may_back.map((one) => (
                <option key={one} value={one}>
                  {nameOf(facts, one)}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field name={words.stake.amount(symbol)} problem={problem}>
          {(ids) => (
            <input
              {...ids}
              autoComplete="off"
              className={INPUT}
              data-testid="stake-amount"
              inputMode="decimal"
              onChange={(event) => setText(event.target.value)}
              value={text}
            />
          )}
        </Field>
        <StepList
          blocked={problem}
          key={`${authority} ${text}`}
          onDone={() => setText("")}
          steps={amount === null ? [] : stakeSteps(facts, authority, amount)}
          testId="stake-steps"
        />
      </div>
    </Panel>
  );
}

function Holdings({ facts }: { facts: Facts }) {
  const { words, account } = facts;
  const leaving = account.requests.filter((one) => one.state !== "paid");
  return (
    <Panel testId="holdings" title={words.stake.holdings}>
      {account.holdings.length === 0 && leaving.length === 0 ? (
        <p className="text-muted text-xs">{words.stake.none}</p>
      ) : null}
      <ul className="divide-y divide-line">
        {account.holdings.map((holding) => (
          <HoldingLine facts={facts} holding={holding} key={holding.authority} />
        ))}
      </ul>
      {leaving.length > 0 ? (
        <>
          <h3 className="mt-3 font-semibold text-sm">{words.stake.exits}</h3>
          <ul className="divide-y divide-line">
            {leaving.map((request) => (
              <RequestLine facts={facts} key={request.request_id} request={request} />
            ))}
          </ul>
        </>
      ) : null}
    </Panel>
  );
}

function HoldingLine({ facts, holding }: { facts: Facts; holding: Holding }) {
  const { words, contracts } = facts;
  const [open, setOpen] = useState(false);
  const [text, setText] = useState("");
  const amount = parseAmount(text, contracts.token.decimals);
  return (
    <li className="space-y-3 py-2 first:pt-0">
      <div className="flex flex-wrap items-baseline justify-between gap-2 text-xs">
        <span>{nameOf(facts, holding.authority)}</span>
        <span className="tabular-nums">{amountText(facts, holding.worth)}</span>
        <Button aria-expanded={open} data-testid="exit" onClick={() => setOpen(!open)} small>
          {words.stake.exit}
        </Button>
      </div>
      {open ? (
        <div className="space-y-3">
          <Field
            name={words.stake.amount(contracts.token.symbol)}
            problem={text !== "" && amount === null ? words.stake.badAmount : null}
          >
            {(ids) => (
              <input
                {...ids}
                autoComplete="off"
                className={INPUT}
                data-testid="exit-amount"
                inputMode="decimal"
                onChange={(event) => setText(event.target.value)}
                value={text}
              />
            )}
          </Field>
          <StepList
            key={text}
            onDone={() => setOpen(false)}
            steps={amount === null ? [] : [exitStep(facts, holding, amount)]}
            testId="exit-steps"
          />
        </div>
      ) : null}
    </li>
  );
}

function RequestLine({ facts, request }: { facts: Facts; request: ExitRequest }) {
  const { words } = facts;
  const ready = request.state === "ready";
  return (
    <li className="space-y-2 py-2 text-xs" data-request={request.request_id} data-testid="exit-request">
      <div className="flex flex-wrap items-baseline justify-between gap-2">
        <span>{nameOf(facts, request.authority)}</span>
        {request.amount ? <span className="tabular-nums">{amountText(facts, request.amount)}</span> : null}
        <Pill tone={ready ? "ok" : "quiet"}>
          {ready ? words.stake.ready : words.stake.readyAt(momentText(Date.parse(request.ready_at) / 1000))}
        </Pill>
      </div>
      {ready ? <StepList steps={[withdrawStep(facts, request)]} testId="withdraw" /> : null}
    </li>
  );
}

function AllStakes() {
  const { words, stakes, names, contracts, language, products } = useSettlement();
  if (!stakes || !contracts) return null;
  const show = (units: string) => amountText({ contracts, language }, units);
  const called = new Map((products?.items ?? []).map((one) => [one.product_hash, one.product_id]));
  return (
    <Panel
      flush
      note={words.stake.treasury(show(stakes.treasury))}
      testId="all-stakes"
      title={words.stake.all}
    >
      <DataTable<Stake>
        caption={words.stake.all}
        columns={[
          {
            key: "authority",
            name: words.stake.authority,
            value: (row) => row.authority,
            show: (row) => nameOf({ names, words }, row.authority),
          },
          {
            key: "stake",
            name: words.stake.total,
            numeric: true,
            value: (row) => row.stake,
            show: (row) => show(row.stake),
          },
          {
            key: "active",
            name: words.stake.active,
            numeric: true,
            value: (row) => row.active,
            show: (row) => show(row.active),
          },
          {
            key: "products",
            name: words.stake.products,
            value: (row) => row.products.map((hash) => called.get(hash) ?? hash).join(" "),
            show: (row) =>
              row.products.map((hash) => called.get(hash) ?? hash.slice(0, 10)).join(", ") || "—",
          },
        ]}
        empty={<p className="p-3 text-muted text-xs">{words.stake.noStakes}</p>}
        file="gridseal-stakes"
        rowKey={(row) => row.authority}
        rows={stakes.items}
      />
    </Panel>
  );
}
