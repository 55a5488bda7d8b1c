"use client";
import { momentText } from "@/features/wallet/say";
import { DataTable } from "@/ui/data-table";
import { Fact } from "@/ui/fact";
import { Panel } from "@/ui/panel";
import { useWords } from "@/words/use-words";
import { verifyWords } from "@/words/verify";
import type { ProofFile } from "./judge";

type Point = ProofFile["forecast"]["points"][number];

/** What the file says, whether it is true or not. Nothing of it is ever put in as markup. */
export function Claim({ proof }: { proof: ProofFile }) {
  const words = useWords(verifyWords);
  const { forecast, batch, authority, envelope } = proof;
  const { facts } = words;
  return (
    <Panel testId="claim" title={words.claimTitle}>
      <dl>
        <Fact name={facts.forecast}>{forecast.seriesId}</Fact>
        <Fact name={facts.product}>
          {forecast.productId}, {forecast.regionId}
        </Fact>
        <Fact name={facts.slot}>
          {momentText(forecast.slot)}, {facts.version(String(batch.version))}
        </Fact>
        <Fact name={facts.issued}>{momentText(forecast.issuedAt)}</Fact>
        <Fact name={facts.gate}>{momentText(batch.gateClosure)}</Fact>
        <LongFact name={facts.authority} value={authority} />
        <LongFact
          name={`${facts.registry} ${facts.chain(String(envelope.chainId))}`}
          value={envelope.contract}
        />
        <LongFact name={facts.transaction} value={envelope.txHash} />
      </dl>
      <details className="mt-3">
        <summary className="min-h-6 cursor-pointer text-muted text-xs">{words.values}</summary>
        <Values proof={proof} />
      </details>
    </Panel>
  );
}

function LongFact({ name, value }: { name: string; value: string }) {
  return (
    <Fact name={name} title={value}>
      <code className="font-mono text-2xs">{value}</code>
    </Fact>
  );
}

function Values({ proof }: { proof: ProofFile }) {
  const words = useWords(verifyWords);
  const { levelsBps, points, unit } = proof.forecast;
  const level = (bps: bigint) =>
    bps % 100n === 0n ? words.below(Number(bps / 100n), "100") : words.below(Number(bps), "10\u202f000");
  return (
    <DataTable<Point>
      caption={words.values}
      columns={[
        {
          key: "target_start",
          name: words.period,
          value: (row) => Number(row.targetStart),
          show: (row) => <span className="whitespace-nowrap">{momentText(row.targetStart)}</span>,
        },
        ...levelsBps.map((bps, index) => ({
          key: `q${bps}`,
          name: level(bps),
          unit,
          numeric: true,
          value: (row: Point) => Number(row.valuesMilli[index] ?? 0n) / 1000,
          show: (row: Point) => exact(row.valuesMilli[index] ?? 0n),
        })),
      ]}
      file="gridseal-proof-values"
      height="max-h-96"
      rowKey={(row) => `${row.targetStart} ${row.leafIndex}`}
      rows={points}
    />
  );
}

/** Thousandths as text, exact also beyond what a float holds. */
export function exact(milli: bigint): string {
  const size = milli < 0n ? -milli : milli;
  const part = (size % 1000n).toString().padStart(3, "0").replace(/0+$/, "");
  const whole = (size / 1000n).toString().replace(/\B(?=(\d{3})+$)/g, "\u202f");
  return `${milli < 0n ? "\u2212" : ""}${whole}${part ? `.${part}` : ""}`;
}
