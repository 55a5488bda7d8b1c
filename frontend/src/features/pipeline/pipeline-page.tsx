"use client";
import { useLoaded, WhenLoaded } from "@/features/charts/loaded";
import { PageHead } from "@/ui/page-head";
import { Panel } from "@/ui/panel";
import { State } from "@/ui/state";
import { pipelineWords } from "@/words/pipeline";
import { useWords } from "@/words/use-words";
import { Journey } from "./journey";
import { Rates } from "./rates";
import { SetAside } from "./set-aside";
import { Stages } from "./stages";
import { RatePage } from "./wire";

/** How messages move from the devices to the chain, what was not let through, and the way of one of them. */
export function PipelinePage() {
  const words = useWords(pipelineWords);
  const rates = useLoaded("/api/v1/stream/rates?span=PT1H&bucket=PT1M", RatePage, 15_000);
  return (
    <div className="flex flex-col gap-3">
      <PageHead text={words.text} title={words.title} />
      <Stages />
      <Panel testId="rates" title={words.rates.panel}>
        <WhenLoaded
          empty={
            <State kind="first-run" title={words.rates.first.title}>
              {words.rates.first.text}
            </State>
          }
          isEmpty={(data) => data.items.length === 0}
          of={rates}
        >
          {(data) => <Rates bucketS={data.bucket_s} items={data.items} />}
        </WhenLoaded>
      </Panel>
      <Journey />
      <SetAside />
    </div>
  );
}
