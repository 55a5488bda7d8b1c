"use client";
import Link from "next/link";
import { useId, useState } from "react";
import { useLoaded, WhenLoaded } from "@/features/charts/loaded";
import { ApiProblem, sendJson } from "@/lib/api";
import { dayAndTime, period } from "@/lib/time";
import { Button } from "@/ui/button";
import { Choice } from "@/ui/choice";
import { Fact } from "@/ui/fact";
import { Pill } from "@/ui/pill";
import { kindOf, State } from "@/ui/state";
import { alertWords } from "@/words/alerts";
import { useWords } from "@/words/use-words";
import { momentOf, SNOOZES } from "./rules";
import { type Action, AlertAction, type InboxItem, Trail } from "./wire";

interface Props {
  item: InboxItem;
  siteName: string;
  zone: string;
  onDone: () => void;
}

/** One alert: what was seen, what may be done, and who did what. */
export function AlertDetail({ item, siteName, zone, onDone }: Props) {
  const words = useWords(alertWords);
  const { alert } = item;
  const trail = useLoaded(`/api/v1/alerts/${encodeURIComponent(alert.alert_id)}`, Trail, 15_000);
  const done = () => {
    trail.retry();
    onDone();
  };
  const lengthS = (Date.parse(alert.period_end) - Date.parse(alert.period_start)) / 1_000;
  return (
    <div className="space-y-3 p-3" data-testid="alert-detail">
      <div className="flex flex-wrap items-center gap-2">
        <Pill tone={words.tones[alert.severity]}>{words.severities[alert.severity]}</Pill>
        <Pill tone="quiet">{words.states[item.state]}</Pill>
        {item.came_back ? <Pill tone="warn">{words.cameBack}</Pill> : null}
      </div>
      <p className="font-medium">{alert.title}</p>
      {alert.detail ? <p className="text-sm">{alert.detail}</p> : null}
      <dl>
        <Fact name={words.site}>{siteName}</Fact>
        <Fact name={words.subject}>{alert.subject}</Fact>
        <Fact name={words.rule}>{alert.rule}</Fact>
        <Fact name={words.when} title={alert.period_start}>
          {period(Date.parse(alert.period_start), lengthS, zone)}
        </Fact>
        <Fact name={words.seen}>{words.times(alert.count)}</Fact>
        {item.until ? (
          <Fact name={words.until}>{`${dayAndTime(Date.parse(item.until), "UTC")} UTC`}</Fact>
        ) : null}
      </dl>
      <Link
        className="inline-block font-medium text-accent text-xs underline underline-offset-2"
        data-testid="moment"
        href={momentOf(item)}
      >
        {words.moment}
      </Link>
      <Orders item={item} onDone={done} />
      <div>
        <p className="label mb-1">{words.trail}</p>
        <WhenLoaded
          empty={<p className="text-muted text-xs">{words.noTrail}</p>}
          isEmpty={(data) => data.trail.length === 0}
          of={trail}
        >
          {(data) => <Steps steps={data.trail} />}
        </WhenLoaded>
      </div>
    </div>
  );
}

function Steps({ steps }: { steps: readonly AlertAction[] }) {
  const words = useWords(alertWords);
  return (
    <ol className="space-y-1.5 border-line border-l-2 pl-3 text-xs" data-testid="trail">
      {[...steps].reverse().map((step) => (
        <li key={step.action_id}>
          <span className="font-medium">{words.done[step.action]}</span>{" "}
          <span className="text-muted">
            {words.by(step.by)} · {dayAndTime(Date.parse(step.at), "UTC")} UTC
            {step.until ? ` · ${words.untilWhen(`${dayAndTime(Date.parse(step.until), "UTC")} UTC`)}` : ""}
          </span>
          {step.note ? <span className="block">{step.note}</span> : null}
        </li>
      ))}
    </ol>
  );
}

function Orders({ item, onDone }: { item: InboxItem; onDone: () => void }) {
  const words = useWords(alertWords);
  const id = useId();
  const [note, setNote] = useState("");
  const [snooze, setSnooze] = useState<string>(SNOOZES[1]);
  const [busy, setBusy] = useState<Action | null>(null);
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const order = async (action: Action) => {
    setBusy(action);
    setProblem(null);
    const body = { action, note: note.trim(), ...(action === "snooze" ? { snooze } : {}) };
    try {
      await sendJson(
        "POST",
        `/api/v1/alerts/${encodeURIComponent(item.alert.alert_id)}/actions`,
        body,
        AlertAction,
      );
      setNote("");
      onDone();
    } catch (error) {
      setProblem(error instanceof ApiProblem ? error : new ApiProblem(String(error), 0));
    } finally {
      setBusy(null);
    }
  };
  const button = (action: Action, main = false) =>
    item.allowed.includes(action) ? (
      <Button
        data-action={action}
        disabled={busy !== null}
        key={action}
        look={main ? "main" : "plain"}
        onClick={() => order(action)}
      >
        {words.actions[action]}
      </Button>
    ) : null;
  return (
    <div className="space-y-2 rounded-md bg-raised p-2">
      <label className="block text-muted text-xs" htmlFor={id}>
        {words.note}
      </label>
      <textarea
        className="w-full rounded-md border border-line bg-surface px-2 py-1 text-xs"
        id={id}
        maxLength={500}
        onChange={(event) => setNote(event.target.value)}
        rows={2}
        value={note}
      />
      <div className="flex flex-wrap items-center gap-2">
        {button("acknowledge", true)}
        {button("resolve", !item.allowed.includes("acknowledge"))}
        {button("reopen")}
        {item.allowed.includes("snooze") ? (
          <span className="flex flex-wrap items-center gap-1.5">
            {button("snooze")}
            <Choice
              label={words.for}
              onChoose={setSnooze}
              options={SNOOZES.map((value) => ({ value, name: words.snoozes[value] }))}
              value={snooze}
            />
          </span>
        ) : null}
      </div>
      {problem ? <State kind={kindOf(problem)} problem={problem} /> : null}
    </div>
  );
}
