"use client";
import { useEffect, useMemo, useRef } from "react";
import { useRoom } from "@/app-shell/room";
import { useKeys } from "@/app-shell/use-keys";
import { useLoaded, WhenLoaded } from "@/features/charts/loaded";
import { dayAndTime, duration, knownZone } from "@/lib/time";
import { useAddress } from "@/lib/use-address";
import { useDomainNow } from "@/lib/use-now";
import { Choice } from "@/ui/choice";
import { PageHead } from "@/ui/page-head";
import { Panel } from "@/ui/panel";
import { Pill } from "@/ui/pill";
import { State } from "@/ui/state";
import { Tabs } from "@/ui/tabs";
import { alertWords } from "@/words/alerts";
import { useWords } from "@/words/use-words";
import { AlertDetail } from "./alert-detail";
import { inOrder } from "./rules";
import { type AlertState, Inbox, type InboxItem, STATES } from "./wire";

const SEVERITIES = ["critical", "warning", "info"] as const;

/** What a dispatcher should know, what was done about it, and what may be done. New ones come by themselves. */
export function AlertsPage() {
  const words = useWords(alertWords);
  const room = useRoom();
  const [state, setState] = useAddress("state", "open");
  const [severity, setSeverity] = useAddress("severity", "");
  const [site, setSite] = useAddress("site", "");
  const [open, setOpen] = useAddress("alert", "");
  const query = new URLSearchParams({ state, limit: "200" });
  if (severity) query.set("severity", severity);
  if (site) query.set("site_id", site);
  const inbox = useLoaded(`/api/v1/alerts?${query.toString()}`, Inbox, 10_000);
  useLive(inbox.retry, room.live.data.alerts);
  const items = useMemo(() => inOrder(inbox.data?.items ?? []), [inbox.data]);
  const chosen = items.find((one) => one.alert.alert_id === open) ?? items[0] ?? null;
  useWalk(items, chosen, setOpen);
  const sites = room.catalog.data?.sites ?? [];
  const siteOf = (id: string) => sites.find((one) => one.site_id === id);
  const shown = STATES.find((one) => one === state) ?? "open";
  return (
    <div className="flex flex-col gap-3">
      <PageHead
        actions={
          <>
            <Choice
              label={words.severity}
              onChoose={setSeverity}
              options={[
                { value: "", name: words.all },
                ...SEVERITIES.map((value) => ({ value, name: words.severities[value] })),
              ]}
              value={severity}
            />
            <Choice
              label={words.site}
              onChoose={setSite}
              options={[
                { value: "", name: words.all },
                ...sites.map((one) => ({ value: one.site_id, name: one.name })),
              ]}
              value={site}
            />
          </>
        }
        text={words.text}
        title={words.title}
      />
      <Tabs
        label={words.title}
        onSelect={(key: AlertState) => setState(key)}
        selected={shown}
        tabs={STATES.map((key) => ({
          key,
          name: words.states[key],
          note: String(inbox.data?.counts[key] ?? 0),
        }))}
      >
        <WhenLoaded
          empty={
            <State kind={shown === "open" ? "empty" : "first-run"} title={words.none[shown].title}>
              {words.none[shown].text}
            </State>
          }
          isEmpty={(data) => data.items.length === 0}
          of={inbox}
        >
          {() => (
            <div className="grid grid-cols-1 items-start gap-3 lg:grid-cols-[minmax(0,1fr)_24rem]">
              <Panel flush note={words.counted(items.length)} testId="inbox" title={words.states[shown]}>
                <List
                  chosen={chosen}
                  items={items}
                  onOpen={setOpen}
                  siteName={(id) => siteOf(id)?.name ?? id}
                />
              </Panel>
              {chosen ? (
                <Panel className="lg:sticky lg:top-0" flush title={words.detail}>
                  <AlertDetail
                    item={chosen}
                    key={chosen.alert.alert_id}
                    onDone={inbox.retry}
                    siteName={siteOf(chosen.alert.site_id)?.name ?? chosen.alert.site_id}
                    zone={knownZone(siteOf(chosen.alert.site_id)?.timezone)}
                  />
                </Panel>
              ) : null}
            </div>
          )}
        </WhenLoaded>
      </Tabs>
    </div>
  );
}

function List(props: {
  items: readonly InboxItem[];
  chosen: InboxItem | null;
  onOpen: (id: string) => void;
  siteName: (id: string) => string;
}) {
  const words = useWords(alertWords);
  const room = useRoom();
  const nowMs = useDomainNow(room.clock, 10_000);
  return (
    <ul className="max-h-[70vh] overflow-auto">
      {props.items.map((item) => {
        const { alert } = item;
        const on = item === props.chosen;
        const ageS = nowMs === null ? null : (nowMs - Date.parse(alert.raised_at)) / 1_000;
        return (
          <li className="border-line border-b last:border-b-0" key={alert.alert_id}>
            <button
              aria-current={on ? "true" : undefined}
              className={`flex w-full flex-wrap items-baseline gap-x-3 gap-y-0.5 px-3 py-2 text-left focus-visible:-outline-offset-2 ${on ? "bg-accent-soft" : "hover:bg-raised"}`}
              data-alert={alert.alert_id}
              onClick={() => props.onOpen(alert.alert_id)}
              type="button"
            >
              <span className="w-20 shrink-0">
                <Pill tone={words.tones[alert.severity]}>{words.severities[alert.severity]}</Pill>
              </span>
              <span className="min-w-0 flex-1 basis-56">
                <span className="block truncate font-medium">{alert.title}</span>
                <span className="block truncate text-muted text-xs">
                  {props.siteName(alert.site_id)} · {alert.subject}
                  {alert.count > 1 ? ` · ${words.times(alert.count)}` : ""}
                  {item.came_back ? ` · ${words.cameBack}` : ""}
                  {item.last ? ` · ${words.done[item.last.action]} ${words.by(item.last.by)}` : ""}
                </span>
              </span>
              <time
                className="shrink-0 text-muted text-xs"
                dateTime={alert.raised_at}
                title={alert.raised_at}
              >
                {dayAndTime(Date.parse(alert.raised_at), "UTC")} UTC
                {ageS === null ? "" : ` · ${words.ago(duration(ageS))}`}
              </time>
            </button>
          </li>
        );
      })}
    </ul>
  );
}

/** What comes over the socket is asked for again at once, with how it stands. */
function useLive(again: () => void, live: readonly { alert_id: string; count: number }[]): void {
  const heard = live.map((one) => `${one.alert_id}:${one.count}`).join(" ");
  const first = useRef(heard);
  useEffect(() => {
    if (first.current === heard) return;
    first.current = heard;
    again();
  }, [heard, again]);
}

/** `j` and `k` walk through the list. */
function useWalk(items: readonly InboxItem[], chosen: InboxItem | null, go: (id: string) => void): void {
  const words = useWords(alertWords);
  const place = useRef({ items, chosen, go });
  place.current = { items, chosen, go };
  const keys = useMemo(() => {
    const step = (by: number) => () => {
      const now = place.current;
      const at = now.chosen ? now.items.indexOf(now.chosen) : -1;
      const next = now.items[Math.max(0, Math.min(now.items.length - 1, at + by))];
      if (next) now.go(next.alert.alert_id);
    };
    return [
      { keys: ["j"], group: "here" as const, name: words.keys.next, run: step(1) },
      { keys: ["k"], group: "here" as const, name: words.keys.before, run: step(-1) },
    ];
  }, [words]);
  useKeys(keys);
}
