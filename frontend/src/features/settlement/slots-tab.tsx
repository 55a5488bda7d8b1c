"use client";
import { useCallback, useMemo, useState } from "react";
import { ApiProblem, getJson } from "@/lib/api";
import { clockTime, shortDay } from "@/lib/time";
import { usePolled } from "@/lib/use-polled";
import { Button } from "@/ui/button";
import type { Column } from "@/ui/column";
import { DataTable } from "@/ui/data-table";
import { Panel } from "@/ui/panel";
import { Pill } from "@/ui/pill";
import { kindOf, State } from "@/ui/state";
import { ROUND_TONES, SEAL_TONES } from "./looks";
import type { Choice } from "./selection";
import { SlotDetail } from "./slot-detail";
import { useSettlement } from "./use-settlement";
import { type Slot, SlotPage } from "./wire";

const PAGE = 60;

interface Props {
  choice: Choice;
  onChoose: (change: Partial<Choice>) => void;
}

const keyOf = (slot: Pick<Slot, "product_id" | "slot">) => `${slot.product_id} ${slot.slot}`;
/** The form that the address of the page has. */
export const plainSlot = (slot: string) => new Date(slot).toISOString().replace(".000Z", "Z");

export function SlotsTab({ choice, onChoose }: Props) {
  const { words, products, turn } = useSettlement();
  const [limit, setLimit] = useState(PAGE);
  const { filter } = choice;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new turn asks again at once
  const load = useCallback(
    (signal: AbortSignal) => {
      const product = filter ? `&product_id=${encodeURIComponent(filter)}` : "";
      return getJson(`/api/v1/settlements/slots?limit=${limit}${product}`, SlotPage, signal);
    },
    [filter, limit, turn],
  );
  const { data, problem } = usePolled(load, 4_000);
  const columns = useSlotColumns();
  const selected = choice.product && choice.slot ? `${choice.product} ${choice.slot}` : null;
  const rows = useMemo(
    () => (data?.items ?? []).map((one) => ({ ...one, slot: plainSlot(one.slot) })),
    [data],
  );
  const chosen = rows.find((row) => keyOf(row) === selected) ?? null;
  return (
    <div className="grid items-start gap-4 xl:grid-cols-[minmax(24rem,2fr)_3fr]">
      <Panel
        actions={
          <label className="flex items-center gap-2 text-xs">
            <span className="text-muted">{words.slots.product}</span>
            <select
              className="min-h-8 rounded-md border border-line bg-surface px-2 text-xs"
              data-testid="product-filter"
              onChange={(event) => onChoose({ filter: event.target.value || null })}
              value={filter ?? ""}
            >
              <option value="">{words.slots.allProducts}</option>
              {(products?.items ?? []).map(({ product_id }) => (
                <option key={product_id} value={product_id}>
                  {product_id}
                </option>
              ))}
            </select>
          </label>
        }
        flush
        testId="slots"
        title={words.slots.title}
      >
        {problem && !data ? (
          <div className="p-3">
            <State kind={kindOf(problem)} problem={problem} />
          </div>
        ) : data ? (
          <DataTable
            caption={words.slots.title}
            columns={columns}
            empty={
              <div className="p-3">
                <State kind="first-run" title={words.slots.none}>
                  {words.slots.noneText}
                </State>
              </div>
            }
            file="gridseal-slots"
            height="max-h-[70vh]"
            onOpen={(row) => onChoose({ product: row.product_id, slot: row.slot })}
            rowKey={keyOf}
            rows={rows}
            selected={selected}
          />
        ) : (
          <div className="p-3">
            <State kind="loading" />
          </div>
        )}
        {data?.next_cursor && limit < 500 ? (
          <div className="border-line border-t p-2">
            <Button onClick={() => setLimit(Math.min(500, limit * 2))} small>
              {words.more}
            </Button>
          </div>
        ) : null}
      </Panel>
      {choice.product && choice.slot ? (
        <SlotDetail key={selected} product={choice.product} slot={choice.slot} summary={chosen} />
      ) : (
        <State kind="empty" title={words.slots.choose} />
      )}
    </div>
  );
}

function useSlotColumns(): readonly Column<Slot>[] {
  const { words } = useSettlement();
  return useMemo(
    () => [
      {
        key: "slot",
        name: words.slots.slot,
        unit: "UTC",
        value: (row) => row.slot,
        show: ({ slot }) => (
          <span className="whitespace-nowrap tabular-nums">
            {shortDay(Date.parse(slot), "UTC")} {clockTime(Date.parse(slot), "UTC")}
          </span>
        ),
      },
      { key: "product_id", name: words.slots.product, value: (row) => row.product_id },
      {
        key: "seal",
        name: words.slots.seal,
        value: (row) => row.seal,
        show: ({ seal }) => <Pill tone={SEAL_TONES[seal]}>{words.seals[seal]}</Pill>,
      },
      {
        key: "round",
        name: words.slots.round,
        value: (row) => row.round,
        show: ({ round }) =>
          round ? (
            <Pill tone={ROUND_TONES[round]}>{words.rounds[round]}</Pill>
          ) : (
            <span className="text-muted">—</span>
          ),
      },
    ],
    [words],
  );
}

/** Whether an answer says that there is no such thing, which is no failure here. */
export const isMissing = (problem: unknown): boolean =>
  problem instanceof ApiProblem && problem.status === 404;
