import { dayAndTime, duration } from "@/lib/time";
import type { SeriesForecastView } from "@/lib/wire";
import { CopyButton } from "@/ui/copy-button";
import { Fact } from "@/ui/fact";
import { Pill } from "@/ui/pill";
import { DIRECTIONS, MODELS, RUNGS } from "./words";

/** How this forecast came about. */
export function ForecastFacts({ view, nowMs }: { view: SeriesForecastView; nowMs: number | null }) {
  const rung = RUNGS[view.rung];
  const issued = Date.parse(view.issued_at);
  const age = nowMs === null ? null : duration((nowMs - issued) / 1000);
  return (
    <section aria-labelledby="facts-title" className="card p-3" data-testid="facts">
      <div className="flex items-center justify-between gap-2">
        <h3 className="font-semibold" id="facts-title">
          Forecast
        </h3>
        <Pill title={rung?.long} tone={view.rung === 0 ? "ok" : view.rung <= 2 ? "warn" : "accent"}>
          {rung?.short ?? `Rung ${view.rung}`}
        </Pill>
      </div>
      <p className="mt-1 mb-1 text-muted text-xs">{rung?.long}</p>
      <dl>
        <Fact name="Model" title={view.model_version}>
          {MODELS[view.model] ?? view.model}
          <span className="text-muted"> · version {view.model_version.slice(0, 12)}</span>
        </Fact>
        <Fact name="Issued">
          {dayAndTime(issued, "UTC")} UTC{age ? <span className="text-muted"> · {age} ago</span> : null}
        </Fact>
        <Fact name="Newest data at issue">{duration(view.data_age_s)} old</Fact>
        <Fact name="Periods">
          {view.points.length} × {duration(view.resolution_s)}, {view.product_id}
        </Fact>
        <Fact name="Sign">{DIRECTIONS[view.direction] || "—"}</Fact>
        <Fact name="Run" title={view.run_id}>
          <span className="inline-flex items-center gap-2">
            <code className="font-mono text-2xs" data-testid="run-id" data-value={view.run_id}>
              {view.run_id.slice(0, 12)}
            </code>
            <CopyButton text={view.run_id} what="run id" />
          </span>
        </Fact>
      </dl>
    </section>
  );
}
