"use client";
import { useCallback, useState } from "react";
import { momentText } from "@/features/wallet/say";
import { getJson } from "@/lib/api";
import { usePolled } from "@/lib/use-polled";
import { DataTable } from "@/ui/data-table";
import { Panel } from "@/ui/panel";
import { kindOf, State } from "@/ui/state";
import { Field, INPUT } from "./field";
import { type Facts, nameOf, recalibrateStep } from "./plans";
import { StepList } from "./step-list";
import { tellReasons } from "./tell";
import { useSettlement } from "./use-settlement";
import { type Override, Overrides } from "./wire";

const LONGEST_REASON = 2_000;
const loadOverrides = (signal: AbortSignal) => getJson("/api/v1/overrides?limit=100", Overrides, signal);

export function RecalibrateTab() {
  const { facts, connected, words } = useSettlement();
  const [reasons, setReasons] = useState<readonly string[]>([]);
  const load = useCallback(
    async (signal: AbortSignal) => {
      const told = await loadOverrides(signal);
      await tellReasons(told.items, reasons);
      return told;
    },
    [reasons],
  );
  const { data, problem } = usePolled(load, 4_000);
  return (
    <div className="grid items-start gap-4 lg:grid-cols-[2fr_3fr]">
      <Panel testId="recalibrate" title={words.recalibrate.title}>
        <p className="mb-3 text-muted text-xs">{words.recalibrate.text}</p>
        {connected && facts ? (
          <Form facts={facts} onAsked={(reason) => setReasons((old) => [...old, reason])} />
        ) : (
          <State kind="empty" title={words.needWallet} />
        )}
      </Panel>
      <Panel flush testId="overrides" title={words.recalibrate.list}>
        {data ? (
          <List items={data.items} />
        ) : (
          <div className="p-3">
            {problem ? <State kind={kindOf(problem)} problem={problem} /> : <State kind="loading" />}
          </div>
        )}
      </Panel>
    </div>
  );
}

function Form({ facts, onAsked }: { facts: Facts; onAsked: (reason: string) => void }) {
  const { products } = useSettlement();
  const { words, account } = facts;
  const [chosen, setChosen] = useState<string | null>(null);
  const [reason, setReason] = useState("");
  const product = chosen ?? products?.items[0]?.product_id ?? null;
  const told = reason.trim();
  if (!account.roles.includes("operator")) {
    return <State kind="no-permission">{words.recalibrate.needRole}</State>;
  }
  return (
    <div className="space-y-3">
      <Field name={words.recalibrate.product}>
        {(ids) => (
          <select
            {...ids}
            className={INPUT}
            onChange={(event) => setChosen(event.target.value)}
            value={product ?? ""}
          >
            {(products?.items ?? []).map(({ product_id }) => (
              <option key={product_id}>{product_id}</option>
            ))}
          </select>
        )}
      </Field>
      <Field help={words.recalibrate.reasonHelp} name={words.recalibrate.reason}>
        {(ids) => (
          <textarea
            {...ids}
            className={INPUT}
            data-testid="reason"
            maxLength={LONGEST_REASON}
            onChange={(event) => setReason(event.target.value)}
            rows={3}
            value={reason}
          />
        )}
      </Field>
      <StepList
        onDone={() => setReason("")}
        onSent={() => onAsked(told)}
        steps={product && told ? [recalibrateStep(facts, product, told)] : []}
        testId="recalibrate-steps"
      />
    </div>
  );
}

function List({ items }: { items: readonly Override[] }) {
  const { words, names } = useSettlement();
  const states: Readonly<Record<string, string>> = words.recalibrate.states;
  return (
    <DataTable
      caption={words.recalibrate.list}
      columns={[
        { key: "request_id", name: "№", numeric: true, value: (row) => row.request_id },
        { key: "product_id", name: words.recalibrate.product, value: (row) => row.product_id },
        {
          key: "state",
          name: words.recalibrate.state,
          value: (row) => row.state,
          show: (row) => states[row.state] ?? row.state,
        },
        { key: "reason", name: words.recalibrate.reason, value: (row) => row.reason },
        {
          key: "asked_at",
          name: words.recalibrate.asked,
          value: (row) => row.asked_at,
          show: (row) => (
            <>
              {momentText(Date.parse(row.asked_at) / 1000)}
              <br />
              <span className="text-muted">{nameOf({ names, words }, row.operator)}</span>
            </>
          ),
        },
        {
          key: "model_version",
          name: words.recalibrate.result,
          value: (row) => (row.model_version ? `${row.model_name} ${row.model_version}` : null),
        },
      ]}
      empty={<p className="p-3 text-muted text-xs">{words.recalibrate.none}</p>}
      file="gridseal-overrides"
      rowKey={(row) => String(row.request_id)}
      rows={items}
    />
  );
}
