"use client";
import type { ReactNode } from "react";
import { formatCount, formatNumber, formatPercent } from "@/lib/units";
import type { ForecastSummary } from "@/lib/wire";
import { liveWords } from "@/words/live";
import { useWords } from "@/words/use-words";
import { type KindScore, scoresByKind } from "./accuracy";

/** The state of the whole in one line: what was issued and sealed, and how good it is. */
export function Tiles({ summary }: { summary: ForecastSummary | null }) {
  const words = useWords(liveWords).tiles;
  const scores = scoresByKind(summary?.accuracy ?? []);
  const share = summary && summary.runs_issued > 0 ? summary.runs_sealed / summary.runs_issued : null;
  return (
    <section
      aria-label={words.label}
      className={`card flex overflow-x-auto focus-visible:-outline-offset-2 [&>*]:border-line [&>*]:border-r [&>*]:last:border-r-0 ${
        // Their number and places are known with the first answer; until then they only keep the height.
        summary ? "" : "[&>*]:invisible"
      }`}
      data-testid="tiles"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
      tabIndex={0}
    >
      <Tile name={words.issued} testId="runs-issued">
        {summary ? formatCount(summary.runs_issued) : "—"}
      </Tile>
      <Tile
        name={words.sealed}
        note={share === null ? undefined : formatPercent(share, 1)}
        testId="runs-sealed"
      >
        <span className={summary?.runs_sealed ? "text-ok" : ""}>
          {summary ? formatCount(summary.runs_sealed) : "—"}
        </span>
      </Tile>
      <Tile name={words.late} note={words.lateNote}>
        <span className={summary?.runs_late ? "text-warn" : ""}>
          {summary ? formatCount(summary.runs_late) : "—"}
        </span>
      </Tile>
      <Tile name={words.model} note={summary && !summary.champion ? words.noChampion : words.champion}>
        <span className="whitespace-nowrap text-sm">
          {summary ? (summary.champion ?? words.baselines) : "—"}
        </span>
      </Tile>
      {scores.map((score) => (
        <KindTile key={score.kind} score={score} />
      ))}
      {summary && scores.length === 0 ? (
        <Tile name={words.accuracy} note={words.accuracyNote}>
          <span className="whitespace-nowrap font-normal text-muted text-sm">{words.accuracyLater}</span>
        </Tile>
      ) : null}
    </section>
  );
}

function Tile(props: { name: string; note?: string; testId?: string; title?: string; children: ReactNode }) {
  return (
    <div className="flex-[1_0_auto] px-2 py-1.5" title={props.title}>
      <p className="label whitespace-nowrap">{props.name}</p>
      <p className="whitespace-nowrap font-semibold text-lg leading-6" data-testid={props.testId}>
        {props.children}
      </p>
      <p className="h-4 whitespace-nowrap text-2xs text-muted">{props.note}</p>
    </div>
  );
}

function KindTile({ score }: { score: KindScore }) {
  const { tiles: words, kinds } = useWords(liveWords);
  const { served, baseline, gain } = score;
  const name = kinds[score.kind] ?? score.kind;
  const main = served ?? baseline;
  const digits = (value: number) => formatNumber(value, 3);
  const note =
    served && baseline
      ? words.against(digits(served.pinball_ratio), digits(baseline.pinball_ratio))
      : words.baseline;
  const band = main?.coverage_90_ratio;
  const held = band === null || band === undefined ? null : formatPercent(band, 1);
  const title = words.how(formatCount(main?.forecasts ?? 0), held);
  return (
    <Tile name={name} note={note} title={title}>
      {gain === null ? (
        main && digits(main.pinball_ratio)
      ) : (
        <span className={gain >= 0 ? "text-ok" : "text-warn"}>
          {formatPercent(Math.abs(gain), 0)}{" "}
          <span className="font-normal text-xs">{gain >= 0 ? words.better : words.worse}</span>
        </span>
      )}
    </Tile>
  );
}
