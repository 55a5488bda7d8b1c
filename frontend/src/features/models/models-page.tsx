"use client";
import { useLoaded, WhenLoaded } from "@/features/charts/loaded";
import { dayAndTime } from "@/lib/time";
import { useAddress } from "@/lib/use-address";
import { Choice } from "@/ui/choice";
import { PageHead } from "@/ui/page-head";
import { Panel } from "@/ui/panel";
import { State } from "@/ui/state";
import { Tabs } from "@/ui/tabs";
import { modelWords } from "@/words/models";
import { useWords } from "@/words/use-words";
import { Drift } from "./drift";
import { Importance } from "./importance";
import { Overview } from "./overview";
import { Performance } from "./performance";
import { RollBack } from "./roll-back";
import { Trainings } from "./trainings";
import {
  DriftState,
  Importance as ImportanceAnswer,
  ModelList,
  ModelState,
  Performance as PerformanceAnswer,
  TrainingList,
} from "./wire";

const TABS = ["performance", "drift", "training", "importance"] as const;
type Tab = (typeof TABS)[number];

/** What models did, what they learned from, whether their data drifted, and how to take one back. */
export function ModelsPage() {
  const words = useWords(modelWords);
  const list = useLoaded("/api/v1/models", ModelList, 30_000);
  const known = list.data !== null && list.data.items.length > 0;
  return (
    <div className="flex flex-col gap-3">
      {known ? null : <PageHead text={words.text} title={words.title} />}
      <WhenLoaded empty={<First words={words.first} />} isEmpty={(data) => data.items.length === 0} of={list}>
        {(data) => <Models list={data} />}
      </WhenLoaded>
    </div>
  );
}

function Models({ list }: { list: ModelList }) {
  const words = useWords(modelWords);
  const first = list.items[0]?.model ?? "";
  const [model, setModel] = useAddress("model", first);
  const [tab, setTab] = useAddress("tab", "performance");
  const [series, setSeries] = useAddress("series", "");
  const name = encodeURIComponent(model);
  const state = useLoaded(`/api/v1/models/${name}`, ModelState, 15_000);
  const performance = useLoaded(
    `/api/v1/models/${name}/performance?hours=168${series ? `&series_id=${encodeURIComponent(series)}` : ""}`,
    PerformanceAnswer,
    30_000,
  );
  const trainings = useLoaded(`/api/v1/models/${name}/trainings?limit=50`, TrainingList, 60_000);
  const drift = useLoaded("/api/v1/drift", DriftState, 60_000);
  const importance = useLoaded(
    `/api/v1/models/${name}/importance?top=5`,
    ImportanceAnswer,
    60_000,
    tab === "importance",
  );
  const chosen = TABS.find((one) => one === tab) ?? "performance";
  const missing = importance.problem?.status === 404;
  return (
    <>
      <PageHead
        actions={
          <>
            <Choice
              label={words.model}
              onChoose={setModel}
              options={list.items.map((one) => ({ value: one.model, name: `${one.name} · ${one.model}` }))}
              value={model}
            />
            {state.data ? <RollBack onDone={state.retry} state={state.data} /> : null}
          </>
        }
        text={words.text}
        title={words.title}
      />
      <Overview
        drift={drift.data}
        isDemand={list.items.find((one) => one.model === model)?.product_id === null}
        list={list}
        performance={performance.data}
        state={state.data}
        trainings={trainings.data?.items ?? null}
      />
      <Tabs
        label={words.title}
        onSelect={(key: Tab) => setTab(key)}
        selected={chosen}
        tabs={TABS.map((key) => ({ key, name: words.tabs[key] }))}
      >
        <div className="flex flex-col gap-3">
          {chosen === "performance" ? (
            <WhenLoaded
              empty={<First words={words.noOutcomes} />}
              isEmpty={(data) => data.items.length === 0}
              of={performance}
            >
              {(data) => (
                <>
                  <div className="flex">
                    <Choice
                      label={words.series}
                      onChoose={setSeries}
                      options={data.series.map((one) => ({
                        value: one.series_id,
                        name: `${one.series_id} (${one.forecasts})`,
                      }))}
                      value={data.series_id ?? ""}
                    />
                  </div>
                  <Performance data={data} />
                </>
              )}
            </WhenLoaded>
          ) : null}
          {chosen === "drift" ? (
            <WhenLoaded
              empty={<First words={words.noDrift} />}
              isEmpty={(data) => data.items.length === 0}
              of={drift}
            >
              {(data) => <Drift data={data} />}
            </WhenLoaded>
          ) : null}
          {chosen === "training" ? (
            <>
              <WhenLoaded
                empty={<First words={words.noTraining} />}
                isEmpty={(data) => data.items.length === 0}
                of={trainings}
              >
                {(data) => <Trainings items={data.items} state={state.data} />}
              </WhenLoaded>
              <Journal state={state.data} />
            </>
          ) : null}
          {chosen === "importance" ? (
            missing ? (
              <First words={words.noImportance} />
            ) : (
              <WhenLoaded of={importance}>{(data) => <Importance data={data} />}</WhenLoaded>
            )
          ) : null}
        </div>
      </Tabs>
    </>
  );
}

function Journal({ state }: { state: ModelState | null }) {
  const t = useWords(modelWords).journal;
  if (!state || state.events.length === 0) return null;
  return (
    <Panel testId="journal" title={t.title}>
      <ol className="space-y-1.5 text-xs">
        {state.events.slice(0, 20).map((event) => (
          <li className="flex flex-wrap gap-x-2" key={`${event.recorded_at}${event.kind}${event.version}`}>
            <time className="text-muted" dateTime={event.recorded_at}>
              {dayAndTime(Date.parse(event.recorded_at), "UTC")} UTC
            </time>
            <span className="font-medium">{t.kinds[event.kind] ?? event.kind}</span>
            <span>{t.version(event.version)}</span>
            <span className="text-muted">{t.by(event.by)}</span>
            <span className="basis-full text-muted sm:basis-auto">{event.reason}</span>
          </li>
        ))}
      </ol>
    </Panel>
  );
}

function First({ words }: { words: { title: string; text: string } }) {
  return (
    <State kind="first-run" title={words.title}>
      {words.text}
    </State>
  );
}
