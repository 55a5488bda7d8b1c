"use client";
import { useState } from "react";
import { sameHex } from "@/features/wallet/node";
import { Button } from "@/ui/button";
import { Panel } from "@/ui/panel";
import { type Facts, joinStep, leaveStep } from "./plans";
import { StepList } from "./step-list";
import { useSettlement } from "./use-settlement";

/** For an authority with a stake: in which products it takes part. Nothing for anybody else. */
export function TakePart({ facts }: { facts: Facts }) {
  const { products, stakes } = useSettlement();
  const [chosen, setChosen] = useState<string | null>(null);
  const { words, account } = facts;
  const own = stakes?.items.find(({ authority }) => sameHex(authority, account.address));
  if (!account.roles.includes("authority") || !own || BigInt(own.active) === 0n) return null;
  const settled = (products?.items ?? []).filter(({ terms }) => terms !== null);
  return (
    <Panel testId="take-part" title={words.stake.take}>
      <p className="mb-2 text-muted text-xs">{words.stake.takeText}</p>
      <ul className="divide-y divide-line">
        {settled.map(({ product_id, product_hash }) => {
          const inside = own.products.includes(product_hash);
          return (
            <li className="space-y-3 py-2" key={product_id}>
              <div className="flex items-baseline justify-between gap-2 text-xs">
                <span>{product_id}</span>
                <Button
                  aria-expanded={chosen === product_id}
                  onClick={() => setChosen(chosen === product_id ? null : product_id)}
                  small
                >
                  {inside ? words.stake.leave : words.stake.join}
                </Button>
              </div>
              {chosen === product_id ? (
                <StepList
                  onDone={() => setChosen(null)}
                  steps={[inside ? leaveStep(facts, product_id) : joinStep(facts, product_id)]}
                />
              ) : null}
            </li>
          );
        })}
      </ul>
    </Panel>
  );
}
