"use client";
import { useMemo, useRef, useState } from "react";
import { FanChart } from "@/features/forecast/fan-chart";
import { fanColumns, fanRows } from "@/features/forecast/fan-columns";
import { indexAt, largestMilli } from "@/features/forecast/fan-data";
import type { FanPicture, Range } from "@/features/forecast/fan-picture";
import { FanTable } from "@/features/forecast/fan-table";
import { SealBadge } from "@/features/seals/seal-badge";
import { pngOf } from "@/lib/picture";
import { dayAndTime, zoneName } from "@/lib/time";
import { scaleFor } from "@/lib/units";
import { Button } from "@/ui/button";
import { ExportButtons } from "@/ui/export-buttons";
import { Panel } from "@/ui/panel";
import { asAtWords } from "@/words/as-at";
import { liveWords } from "@/words/live";
import { uiWords } from "@/words/ui";
import { useWords } from "@/words/use-words";
import { fanOf, runsById } from "./belief";
import { type Asked, minute } from "./moment";
import type { BeliefsAt } from "./wire";

interface Props {
  beliefs: BeliefsAt;
  nowMs: number;
  path: string;
  ask: (change: Partial<Asked>) => void;
}

/** On the clock of the whole page: the moment is asked for in UTC. */
const ZONE = "UTC";

/** The fan as it stood then, with what was measured since drawn into it. */
export function BelievedPanel({ beliefs, nowMs, path, ask }: Props) {
  const words = useWords(asAtWords);
  const live = useWords(liveWords);
  const ui = useWords(uiWords);
  const [range, setRange] = useState<Range | null>(null);
  const [cursorS, setCursorS] = useState<number | null>(null);
  const [asTable, setAsTable] = useState(false);
  const host = useRef<HTMLDivElement>(null);
  const fan = useMemo(() => fanOf(beliefs, nowMs), [beliefs, nowMs]);
  const asAtMs = Date.parse(beliefs.as_at);
  const picture = useMemo((): FanPicture | null => {
    if (!fan) return null;
    return {
      data: fan.data,
      unit: beliefs.unit,
      scale: scaleFor(beliefs.unit, largestMilli(fan.data)),
      zone: ZONE,
      nowS: asAtMs / 1000,
      gateS: null,
      gapLabels: fan.data.gaps.map(() => `${live.chart.gap}: ${live.chart.gapReason}`),
      gapWord: live.chart.gap,
    };
  }, [fan, beliefs.unit, asAtMs, live]);
  if (!fan || !picture) return null;
  const run = runsById(beliefs).get(beliefs.beliefs[0]?.points.at(-1)?.run_id ?? "");
  const when = `${dayAndTime(asAtMs, ZONE)} ${zoneName(asAtMs, ZONE)}`;
  const title = words.believed(when);
  const open = () => {
    const index = cursorS === null ? null : indexAt(fan.data, cursorS);
    const startS = index === null ? undefined : fan.data.starts[index];
    if (startS !== undefined) ask({ targetMs: startS * 1000 });
  };
  return (
    <Panel
      actions={
        <>
          <Button aria-pressed={asTable} look="quiet" onClick={() => setAsTable(!asTable)} small>
            {asTable ? ui.table.hide : ui.table.show}
          </Button>
          <ExportButtons
            columns={fanColumns(picture, fan.levels)}
            file={`gridseal-${beliefs.series_id.replace("/", "-")}-as-at-${minute(asAtMs).replaceAll(":", "")}`}
            parquetFrom={path}
            picture={async () => pngOf(host.current as Element, title, beliefs.attribution)}
            rows={fanRows(fan.data, range?.fromS, range?.toS)}
          />
        </>
      }
      note={
        run ? (
          <span className="inline-flex items-center gap-2" data-testid="belief-run">
            {words.run}: {dayAndTime(Date.parse(run.issued_at), "UTC")} UTC · {live.rungs[run.rung]?.short}
            <SealBadge seal={run.seal} />
          </span>
        ) : null
      }
      testId="believed"
      title={title}
    >
      {asTable ? (
        <FanTable levels={fan.levels} name={title} picture={picture} />
      ) : (
        // biome-ignore lint/a11y/noStaticElementInteractions: the same choice is a field of the panel below
        // biome-ignore lint/a11y/useKeyWithClickEvents: the same choice is a field of the panel below
        <div onClick={open} ref={host}>
          <FanChart
            cursorS={cursorS}
            description={`${title}. ${beliefs.name}. ${live.chart.arrowKeys}`}
            key={beliefs.series_id}
            levels={fan.levels}
            onCursor={setCursorS}
            onRange={setRange}
            picture={picture}
            range={range}
          />
        </div>
      )}
      <p className="mt-1 text-2xs text-muted">
        {words.asAtLine} {words.measuredSince} {beliefs.attribution}
      </p>
    </Panel>
  );
}
