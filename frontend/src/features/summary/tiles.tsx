import type { ReactNode } from "react";
import { KIND_NAMES } from "@/features/forecast/words";
import { formatCount, formatNumber, formatPercent } from "@/lib/units";
import type { ForecastSummary } from "@/lib/wire";
import { type KindScore, scoresByKind } from "./accuracy";

/** The state of the whole in one line: what was issued and sealed, and how good it is. */
export function Tiles({ summary }: { summary: ForecastSummary | null }) {
  const scores = scoresByKind(summary?.accuracy ?? []);
  const share = summary && summary.runs_issued > 0 ? summary.runs_sealed / summary.runs_issued : null;
  return (
    <section
      aria-label="Summary"
      className="card flex overflow-x-auto [&>*]:border-line [&>*]:border-r [&>*]:last:border-r-0"
      data-testid="tiles"
    >
      <Tile name="Runs issued" testId="runs-issued">
        {summary ? formatCount(summary.runs_issued) : "—"}
      </Tile>
      <Tile
        name="Sealed in time"
        note={share === null ? undefined : formatPercent(share, 1)}
        testId="runs-sealed"
      >
        <span className={summary?.runs_sealed ? "text-ok" : ""}>
          {summary ? formatCount(summary.runs_sealed) : "—"}
        </span>
      </Tile>
      <Tile name="Late" note="not counted as sealed">
        <span className={summary?.runs_late ? "text-warn" : ""}>
          {summary ? formatCount(summary.runs_late) : "—"}
        </span>
      </Tile>
      <Tile
        name="Serving model"
        note={summary && !summary.champion ? "until a model beats them" : "champion"}
      >
        <span className="whitespace-nowrap text-sm">{summary ? (summary.champion ?? "Baselines") : "—"}</span>
      </Tile>
      {scores.map((score) => (
        <KindTile key={score.kind} score={score} />
      ))}
      {summary && scores.length === 0 ? (
        <Tile name="Accuracy" note="pinball loss per kind">
          <span className="whitespace-nowrap font-normal text-muted text-sm">
            after the first periods have passed
          </span>
        </Tile>
      ) : null}
    </section>
  );
}

function Tile(props: { name: string; note?: string; testId?: string; title?: string; children: ReactNode }) {
  return (
    <div className="min-w-26 flex-1 px-3 py-1.5" title={props.title}>
      <p className="label whitespace-nowrap">{props.name}</p>
      <p className="whitespace-nowrap font-semibold text-lg leading-6" data-testid={props.testId}>
        {props.children}
      </p>
      <p className="h-4 whitespace-nowrap text-2xs text-muted">{props.note}</p>
    </div>
  );
}

function KindTile({ score }: { score: KindScore }) {
  const { served, baseline, gain } = score;
  const name = KIND_NAMES[score.kind] ?? score.kind;
  const main = served ?? baseline;
  const digits = (value: number) => formatNumber(value, 3);
  const note =
    served && baseline
      ? `${digits(served.pinball_ratio)} vs ${digits(baseline.pinball_ratio)} base`
      : "baseline";
  const band = main?.coverage_90_ratio;
  const title = `Mean pinball loss over the series' range on ${main?.forecasts ?? 0} matured forecasts; lower is better.${
    band === null || band === undefined ? "" : ` The 9-of-10 band held ${formatPercent(band, 1)}.`
  }`;
  return (
    <Tile name={name} note={note} title={title}>
      {gain === null ? (
        main && digits(main.pinball_ratio)
      ) : (
        <span className={gain >= 0 ? "text-ok" : "text-warn"}>
          {formatPercent(Math.abs(gain), 0)}{" "}
          <span className="font-normal text-xs">{gain >= 0 ? "better" : "worse"}</span>
        </span>
      )}
    </Tile>
  );
}
