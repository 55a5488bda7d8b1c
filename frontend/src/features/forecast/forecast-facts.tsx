"use client";
import { dayAndTime, duration } from "@/lib/time";
import type { SeriesForecastView } from "@/lib/wire";
import { CopyButton } from "@/ui/copy-button";
import { Fact } from "@/ui/fact";
import { Pill } from "@/ui/pill";
import { liveWords } from "@/words/live";
import { useWords } from "@/words/use-words";

/** How this forecast came about. */
export function ForecastFacts({ view, nowMs }: { view: SeriesForecastView; nowMs: number | null }) {
  const all = useWords(liveWords);
  const words = all.facts;
  const rung = all.rungs[view.rung];
  const issued = Date.parse(view.issued_at);
  const age = nowMs === null ? null : duration((nowMs - issued) / 1000);
  return (
    <section aria-labelledby="facts-title" className="card p-3" data-testid="facts">
      <div className="flex items-center justify-between gap-2">
        <h3 className="font-semibold" id="facts-title">
          {words.title}
        </h3>
        <Pill title={rung?.long} tone={view.rung === 0 ? "ok" : view.rung <= 2 ? "warn" : "accent"}>
          {rung?.short ?? all.rung(view.rung)}
        </Pill>
      </div>
      <p className="mt-1 mb-1 text-muted text-xs">{rung?.long}</p>
      <dl>
        <Fact name={words.model} title={view.model_version}>
          {all.models[view.model] ?? view.model}
          <span className="text-muted"> · {words.version(view.model_version.slice(0, 12))}</span>
        </Fact>
        <Fact name={words.issued}>
          {dayAndTime(issued, "UTC")} UTC
          {age ? <span className="text-muted"> · {words.ago(age)}</span> : null}
        </Fact>
        <Fact name={words.newest}>{words.old(duration(view.data_age_s))}</Fact>
        <Fact name={words.periods}>
          {view.points.length} × {duration(view.resolution_s)}, {view.product_id}
        </Fact>
        <Fact name={words.sign}>{all.directions[view.direction] || "—"}</Fact>
        <Fact name={words.run} title={view.run_id}>
          <span className="inline-flex items-center gap-2">
            <code className="font-mono text-2xs" data-testid="run-id" data-value={view.run_id}>
              {view.run_id.slice(0, 12)}
            </code>
            <CopyButton text={view.run_id} what={words.runId} />
          </span>
        </Fact>
      </dl>
    </section>
  );
}
