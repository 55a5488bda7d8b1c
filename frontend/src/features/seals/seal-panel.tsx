"use client";
import { dayAndTime, duration } from "@/lib/time";
import type { Seal, SeriesForecastView } from "@/lib/wire";
import { CopyButton } from "@/ui/copy-button";
import { Fact } from "@/ui/fact";
import { liveWords } from "@/words/live";
import { useWords } from "@/words/use-words";
import { SealBadge } from "./seal-badge";
import { marginS, proofFileName, proofPath, sealSaid } from "./seal-state";

/** Where the seal of the newest run stands, and how to check it without trusting this page. */
export function SealPanel({
  view,
  seal,
  rpcUrl,
}: {
  view: SeriesForecastView;
  seal: Seal | null;
  rpcUrl: string;
}) {
  const words = useWords(liveWords).seal;
  const margin = marginS(seal, view.gate_closure);
  return (
    <section aria-labelledby="seal-title" className="card p-3" data-testid="seal-panel">
      <div className="flex items-center justify-between gap-2">
        <h3 className="font-semibold" id="seal-title">
          {words.title}
        </h3>
        <span data-state={seal?.state ?? "pending"} data-testid="seal-state">
          <SealBadge seal={seal} />
        </span>
      </div>
      <p className="mt-1 mb-1 text-muted text-xs">{sealSaid(seal, words).long}</p>
      <dl>
        <Hash name={words.transaction} testId="seal-tx" value={seal?.tx_hash ?? null} />
        <Fact name={words.block}>
          <span data-testid="seal-block">{seal?.block_number ?? "—"}</span>
        </Fact>
        <Fact name={words.blockTime}>
          {seal?.block_time ? `${dayAndTime(Date.parse(seal.block_time), "UTC")} UTC` : "—"}
        </Fact>
        <Fact name={words.gate}>
          {dayAndTime(Date.parse(view.gate_closure), "UTC")} UTC
          {margin === null ? null : (
            <span className="text-muted">
              {margin >= 0
                ? ` · ${words.afterBlock(duration(margin))}`
                : ` · ${words.beforeBlock(duration(-margin))}`}
            </span>
          )}
        </Fact>
        <Hash name={words.root} testId="seal-root" value={seal?.root ?? null} />
      </dl>
      <Check rpcUrl={rpcUrl} sealed={seal?.state === "mined" || seal?.state === "final"} view={view} />
    </section>
  );
}

function Hash({ name, value, testId }: { name: string; value: string | null; testId: string }) {
  return (
    <Fact name={name} title={value ?? undefined}>
      {value ? (
        <span className="inline-flex items-center gap-2">
          <code className="font-mono text-2xs" data-testid={testId} data-value={value}>
            {value.slice(0, 10)}…{value.slice(-6)}
          </code>
          <CopyButton text={value} what={name} />
        </span>
      ) : (
        <span data-testid={testId}>—</span>
      )}
    </Fact>
  );
}

function Check({ view, sealed, rpcUrl }: { view: SeriesForecastView; sealed: boolean; rpcUrl: string }) {
  const words = useWords(liveWords).seal;
  const file = proofFileName(view.run_id, view.series_id);
  const command = `gridseal verify ${file} --rpc ${rpcUrl}`;
  return (
    <div className="mt-2 border-line border-t pt-2">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <p className="text-muted text-xs">{words.check}</p>
        {sealed ? (
          <a
            className="rounded-md bg-accent px-2.5 py-1 font-medium text-surface text-xs hover:opacity-90"
            data-testid="proof-link"
            download={file}
            href={proofPath(view.run_id, view.series_id)}
          >
            {words.download}
          </a>
        ) : (
          <span className="rounded-md border border-line px-2.5 py-1 text-muted text-xs">{words.notYet}</span>
        )}
      </div>
      <div className="mt-2 flex items-center gap-2 rounded bg-raised px-2 py-1.5">
        <code
          className="min-w-0 flex-1 overflow-x-auto whitespace-nowrap font-mono text-2xs"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
          tabIndex={0}
        >
          {command}
        </code>
        <CopyButton text={command} what={words.command} />
      </div>
    </div>
  );
}
