"use client";
import { useMemo, useState } from "react";
import { useLoaded, WhenLoaded } from "@/features/charts/loaded";
import { sendJson } from "@/lib/api";
import { dayAndTime } from "@/lib/time";
import { formatCount } from "@/lib/units";
import { Button } from "@/ui/button";
import type { Column } from "@/ui/column";
import { ConfirmDialog } from "@/ui/confirm-dialog";
import { DataTable } from "@/ui/data-table";
import { Panel } from "@/ui/panel";
import { State } from "@/ui/state";
import { Tabs } from "@/ui/tabs";
import { pipelineWords } from "@/words/pipeline";
import { useWords } from "@/words/use-words";
import { type DeadLetter, DeadLetterPage, type Refusal, RefusalPage, ReplayAnswer } from "./wire";

const KINDS = ["dead-letters", "quarantine", "refused"] as const;
type Kind = (typeof KINDS)[number];

/** What was not let through: to look at, page by page, and to judge again. */
export function SetAside() {
  const words = useWords(pipelineWords);
  const t = words.aside;
  const [kind, setKind] = useState<Kind>("dead-letters");
  return (
    <Panel testId="set-aside" title={t.title}>
      <Tabs
        label={t.title}
        onSelect={setKind}
        selected={kind}
        tabs={KINDS.map((key) => ({ key, name: t.kinds[key] }))}
      >
        <p className="mb-2 text-muted text-xs">{t.about[kind]}</p>
        {kind === "refused" ? <Refused /> : <Letters key={kind} kind={kind} />}
      </Tabs>
    </Panel>
  );
}

/** Cursors of the pages seen so far; the last one is shown. */
function usePages(): { query: string; older: (cursor: string) => void; newer: (() => void) | null } {
  const [cursors, setCursors] = useState<string[]>([]);
  const cursor = cursors.at(-1);
  return {
    query: cursor ? `&cursor=${encodeURIComponent(cursor)}` : "",
    older: (next) => setCursors([...cursors, next]),
    newer: cursors.length > 0 ? () => setCursors(cursors.slice(0, -1)) : null,
  };
}

function Turn(props: { pages: ReturnType<typeof usePages>; next: string | null }) {
  const t = useWords(pipelineWords).aside;
  const { pages, next } = props;
  return (
    <span className="flex gap-2">
      <Button disabled={!pages.newer} onClick={() => pages.newer?.()} small>
        {t.newer}
      </Button>
      <Button disabled={!next} onClick={() => next && pages.older(next)} small>
        {t.older}
      </Button>
    </span>
  );
}

function Letters({ kind }: { kind: "dead-letters" | "quarantine" }) {
  const t = useWords(pipelineWords).aside;
  const pages = usePages();
  const letters = useLoaded(`/api/v1/gateway/${kind}?limit=25${pages.query}`, DeadLetterPage, 10_000);
  const [open, setOpen] = useState<number | null>(null);
  const [asked, setAsked] = useState<number[] | null>(null);
  const [outcome, setOutcome] = useState<ReplayAnswer | null>(null);
  const columns = useMemo(
    (): Column<DeadLetter>[] => [
      { key: "offset", name: t.offset, numeric: true, value: (l) => l.offset },
      {
        key: "at",
        name: t.at,
        value: (l) => l.at,
        show: (l) => `${dayAndTime(Date.parse(l.at), "UTC")} UTC`,
      },
      { key: "reason", name: t.reason, value: (l) => l.reason },
      { key: "source", name: t.source, value: (l) => l.source },
      { key: "detail", name: t.detail, value: (l) => l.detail },
      { key: "payload_bytes", name: t.bytes, unit: "B", numeric: true, value: (l) => l.payload_bytes },
    ],
    [t],
  );
  const replay = async () => {
    if (!asked) return;
    setOutcome(
      await sendJson("POST", "/api/v1/gateway/dead-letters/replay", { offsets: asked }, ReplayAnswer),
    );
    letters.retry();
  };
  return (
    <WhenLoaded
      empty={<State kind="empty" title={t.none[kind]} />}
      isEmpty={(data) => data.items.length === 0}
      of={letters}
    >
      {(data) => {
        const chosen = data.items.find((one) => one.offset === open) ?? null;
        return (
          <>
            <DataTable
              caption={t.kinds[kind]}
              columns={columns}
              file={kind}
              height="max-h-96"
              onOpen={(l) => setOpen(l.offset)}
              rowKey={(l) => String(l.offset)}
              rows={data.items}
              selected={open === null ? null : String(open)}
            />
            <div className="mt-2 flex flex-wrap items-center justify-between gap-2">
              <Turn next={data.next_cursor} pages={pages} />
              {kind === "dead-letters" ? (
                <Button
                  data-testid="replay-page"
                  onClick={() => setAsked(data.items.map((one) => one.offset))}
                >
                  {t.replayPage(data.items.length)}
                </Button>
              ) : null}
            </div>
            {chosen ? (
              <div className="mt-3 space-y-2" data-testid="letter">
                <p className="text-xs">
                  <span className="font-medium">{chosen.reason}</span>{" "}
                  <span className="text-muted">{chosen.detail}</span>
                </p>
                <Payload bytes={chosen.payload_bytes} text={chosen.payload} />
                {kind === "dead-letters" ? (
                  <Button onClick={() => setAsked([chosen.offset])}>{t.replayOne(chosen.offset)}</Button>
                ) : null}
              </div>
            ) : null}
            <Outcome answer={outcome} />
            <ConfirmDialog
              confirm={t.replay}
              onClose={() => setAsked(null)}
              onConfirm={replay}
              open={asked !== null}
              title={t.replayTitle}
            >
              <p>{t.replayText(asked?.length ?? 0)}</p>
            </ConfirmDialog>
          </>
        );
      }}
    </WhenLoaded>
  );
}

function Payload({ text, bytes }: { text: string; bytes: number }) {
  const t = useWords(pipelineWords).aside;
  return (
    <section aria-label={t.payload}>
      <pre
        className="max-h-56 overflow-auto whitespace-pre-wrap break-all rounded-md bg-raised p-2 font-mono text-2xs"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
      >
        {text}
      </pre>
      <p className="text-2xs text-muted">{t.payloadNote(formatCount(bytes))}</p>
    </section>
  );
}

function Outcome({ answer }: { answer: ReplayAnswer | null }) {
  const t = useWords(pipelineWords).aside;
  return (
    <div aria-live="polite" data-testid="replayed">
      {answer ? (
        <ul className="mt-2 text-xs">
          {answer.items.slice(0, 25).map((one) => (
            <li key={one.offset}>
              {one.offset}: <span className="font-medium">{t.outcomes[one.outcome] ?? one.outcome}</span>
              {one.reason ? <span className="text-muted"> ({one.reason})</span> : null}
            </li>
          ))}
        </ul>
      ) : null}
    </div>
  );
}

function Refused() {
  const t = useWords(pipelineWords).aside;
  const pages = usePages();
  const refused = useLoaded(`/api/v1/stream/refused?limit=25${pages.query}`, RefusalPage, 10_000);
  const [open, setOpen] = useState<string | null>(null);
  const columns = useMemo(
    (): Column<Refusal>[] => [
      { key: "device_id", name: t.device, value: (r) => r.device_id || "—" },
      {
        key: "refused_at",
        name: t.at,
        value: (r) => r.refused_at,
        show: (r) => `${dayAndTime(Date.parse(r.refused_at), "UTC")} UTC`,
      },
      { key: "quantity", name: t.quantity, value: (r) => r.quantity },
      {
        key: "period_start",
        name: t.period,
        value: (r) => r.period_start,
        show: (r) => (r.period_start ? `${dayAndTime(Date.parse(r.period_start), "UTC")} UTC` : "—"),
      },
      { key: "reason", name: t.reason, value: (r) => r.reason },
      { key: "detail", name: t.detail, value: (r) => r.detail },
    ],
    [t],
  );
  return (
    <WhenLoaded
      empty={<State kind="empty" title={t.none.refused} />}
      isEmpty={(data) => data.items.length === 0}
      of={refused}
    >
      {(data) => {
        const chosen = data.items.find((one) => one.refusal_id === open);
        return (
          <>
            <DataTable
              caption={t.kinds.refused}
              columns={columns}
              file="refused-readings"
              height="max-h-96"
              onOpen={(r) => setOpen(r.refusal_id)}
              rowKey={(r) => r.refusal_id}
              rows={data.items}
              selected={open}
            />
            <div className="mt-2">
              <Turn next={data.next_cursor} pages={pages} />
            </div>
            {chosen ? <Payload bytes={chosen.payload.length} text={chosen.payload} /> : null}
          </>
        );
      }}
    </WhenLoaded>
  );
}
