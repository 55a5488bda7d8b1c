"use client";
import { useMemo } from "react";
import { useRoom } from "@/app-shell/room";
import { useLoaded, WhenLoaded } from "@/features/charts/loaded";
import { dayAndTime, duration } from "@/lib/time";
import { useAddress } from "@/lib/use-address";
import { useDomainNow } from "@/lib/use-now";
import { Choice } from "@/ui/choice";
import { PageHead } from "@/ui/page-head";
import { Panel } from "@/ui/panel";
import { State } from "@/ui/state";
import { accuracyWords } from "@/words/accuracy";
import { useWords } from "@/words/use-words";
import { Bands } from "./bands";
import { Pit, Reliability } from "./calibration";
import { Contest } from "./contest";
import { rowKey, SPANS, spanQuery } from "./figures";
import { OverTime } from "./over-time";
import { SkillGrid } from "./skill-table";
import { AccuracyReport, SkillTable, Timeline } from "./wire";

const DIMENSIONS = ["series", "kind", "lead", "hour"] as const;

/** How good what was issued has been: each figure with its sample and what it may be by chance. */
export function AccuracyPage() {
  const words = useWords(accuracyWords);
  const room = useRoom();
  const nowMs = useDomainNow(room.clock, 60_000);
  const [span, setSpan] = useAddress("span", "P7D");
  const [kind, setKind] = useAddress("kind", "");
  const [asAt] = useAddress("as_at", "");
  const query = nowMs === null ? null : spanQuery(span, asAt || null, nowMs);
  const filter = kind ? `&kind=${encodeURIComponent(kind)}` : "";
  const about = `${span}${asAt}${filter}`;
  const report = useLoaded(
    `/api/v1/accuracy?${query}${filter}`,
    AccuracyReport,
    30_000,
    query !== null,
    about,
  );
  const kinds = [...new Set((room.catalog.data?.series ?? []).map((one) => one.kind))].sort();
  return (
    <div className="flex flex-col gap-3">
      <PageHead
        actions={
          <>
            <Choice
              label={words.span}
              onChoose={setSpan}
              options={SPANS.map((value) => ({ value, name: words.spans[value] }))}
              value={span}
            />
            <Choice
              label={words.contest.kind}
              onChoose={setKind}
              options={[
                { value: "", name: words.all },
                ...kinds.map((value) => ({ value, name: words.kinds[value] ?? value })),
              ]}
              value={kind}
            />
          </>
        }
        text={words.text}
        title={words.title}
      />
      {asAt ? <p className="text-xs text-warn">{words.asAt(asAt)}</p> : null}
      <WhenLoaded
        empty={
          <State kind="first-run" title={words.first.title}>
            {words.first.text}
          </State>
        }
        isEmpty={(data) => data.items.length === 0}
        of={report}
      >
        {(data) => <Report about={about} filter={filter} query={query ?? ""} report={data} />}
      </WhenLoaded>
    </div>
  );
}

function Report(props: { report: AccuracyReport; query: string; filter: string; about: string }) {
  const { report, query, filter, about } = props;
  const words = useWords(accuracyWords);
  const room = useRoom();
  const [chosen, choose] = useAddress("row", "");
  const [rows, setRows] = useAddress("rows", "series");
  const [columns, setColumns] = useAddress("columns", "lead");
  const row = report.items.find((one) => rowKey(one) === chosen) ?? report.items[0];
  const same = rows === columns;
  const skill = useLoaded(
    `/api/v1/accuracy/skill?${query}${filter}&rows=${rows}&columns=${columns}`,
    SkillTable,
    60_000,
    !same,
    `${about}${rows}${columns}`,
  );
  const timeline = useLoaded(`/api/v1/accuracy/timeline?${query}${filter}`, Timeline, 30_000, true, about);
  const names = useMemo(() => {
    const sites = new Map((room.catalog.data?.sites ?? []).map((site) => [site.site_id, site.name]));
    return new Map(
      (room.catalog.data?.series ?? []).map((one) => [
        one.series_id,
        `${sites.get(one.site_id) ?? one.site_id} · ${one.name}`,
      ]),
    );
  }, [room.catalog.data]);
  if (!row) return null;
  const named = `${words.kinds[row.kind] ?? row.kind} · ${row.model} · ${row.product_id}`;
  const options = DIMENSIONS.map((value) => ({ value, name: words.skill.dimensions[value] }));
  const moment = (at: string) => dayAndTime(Date.parse(at), "UTC");
  return (
    <>
      <Panel
        flush
        note={`${moment(report.period_start)} – ${moment(report.period_end)} UTC`}
        testId="contest"
        title={words.contest.title}
      >
        <Contest onSelect={choose} rows={report.items} selected={rowKey(row)} />
        <p className="border-line border-t px-3 py-1.5 text-2xs text-muted">
          {words.contest.note(duration(report.block_s))}
        </p>
      </Panel>
      <Panel testId="timeline" title={words.timeline.panel}>
        <WhenLoaded isEmpty={(data) => data.items.length === 0} of={timeline}>
          {(data) => <OverTime points={data.items} />}
        </WhenLoaded>
      </Panel>
      <div className="grid grid-cols-1 gap-3 xl:grid-cols-2">
        <Panel note={named} testId="reliability" title={words.reliability.panel}>
          <Reliability row={row} />
        </Panel>
        <Panel note={named} testId="pit" title={words.pit.panel}>
          <Pit row={row} />
        </Panel>
      </div>
      <Panel flush note={named} testId="coverage" title={words.bands.title}>
        <Bands row={row} />
      </Panel>
      <Panel
        actions={
          <>
            <Choice label={words.skill.rows} onChoose={setRows} options={options} value={rows} />
            <Choice label={words.skill.columns} onChoose={setColumns} options={options} value={columns} />
          </>
        }
        flush
        testId="skill"
        title={words.skill.title}
      >
        {same ? (
          <div className="p-3">
            <State kind="empty" title={words.skill.same} />
          </div>
        ) : (
          <WhenLoaded
            empty={
              <div className="p-3">
                <State kind="empty" title={words.skill.none} />
              </div>
            }
            isEmpty={(data) => data.items.length === 0}
            of={skill}
          >
            {(data) => <SkillGrid names={names} table={data} />}
          </WhenLoaded>
        )}
      </Panel>
    </>
  );
}
