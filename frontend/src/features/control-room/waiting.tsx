"use client";
import { useEffect, useState } from "react";
import type { Room } from "@/app-shell/use-room";
import { duration } from "@/lib/time";
import { formatCount } from "@/lib/units";
import { useWallNow } from "@/lib/use-now";

interface Step {
  name: string;
  state: "done" | "now" | "later";
  detail: string;
}

interface Words {
  title: string;
  text: string;
}

function wordsOf(room: Room, siteName: string | null): Words {
  const issued = room.summary.data?.runs_issued ?? 0;
  if (room.live.connection.phase !== "live" && room.summary.data === null)
    return {
      title: "Looking for the services",
      text: "None has answered yet. The page asks again by itself, every few seconds.",
    };
  if (siteName && Object.keys(room.live.data.series).length > 0)
    return {
      title: `${siteName} has no forecast yet`,
      text: "Its first one comes with a slot in which it is due.",
    };
  if (issued > 0)
    return {
      title: "Reading the forecasts",
      text: `${formatCount(issued)} runs have been issued. They are shown as soon as forecast-service hands them out.`,
    };
  return {
    title: "History is being back-filled",
    text:
      "Measured history travels the same path as live data: device, MQTT, Kafka, Spark, database. The first " +
      "forecasts come with the first slot after it. Nothing to do: this page fills by itself.",
  };
}

/** Before the first forecast: what has happened, what is happening, and that nobody need do anything. */
export function Waiting({ room, siteName }: { room: Room; siteName: string | null }) {
  const [openedMs, setOpenedMs] = useState<number | null>(null);
  useEffect(() => setOpenedMs(Date.now()), []);
  const wall = useWallNow(1_000);
  const { title, text } = wordsOf(room, siteName);
  return (
    <section aria-busy="true" aria-labelledby="waiting-title" className="card p-4" data-testid="waiting">
      <h2 className="font-semibold text-lg" id="waiting-title">
        {title}
      </h2>
      <p className="mt-1 max-w-prose text-muted text-sm">{text}</p>
      <ol className="mt-4 space-y-2">
        {stepsOf(room).map((step) => (
          <StepLine key={step.name} step={step} />
        ))}
      </ol>
      <p className="mt-4 text-2xs text-muted">
        {wall !== null && openedMs !== null ? `Waiting for ${duration((wall - openedMs) / 1000)}` : ""}
      </p>
      <div aria-hidden="true" className="mt-4 h-48 rounded-md bg-raised motion-safe:animate-pulse" />
    </section>
  );
}

function StepLine({ step }: { step: Step }) {
  const mark = { done: "✓", now: "●", later: "○" }[step.state];
  const tone = { done: "text-ok", now: "text-accent pulse", later: "text-muted" }[step.state];
  return (
    <li className="flex items-baseline gap-2.5" data-state={step.state}>
      <span aria-hidden="true" className={`w-4 text-center ${tone}`}>
        {mark}
      </span>
      <span className={step.state === "later" ? "text-muted" : "font-medium"}>{step.name}</span>
      <span className="text-muted text-xs">{step.detail}</span>
    </li>
  );
}

function stepsOf(room: Room): Step[] {
  const { live, catalog, summary } = room;
  const sites = catalog.data?.sites.length ?? 0;
  const series = catalog.data?.series.length ?? 0;
  const windows = live.data.windowsSeen;
  const issued = summary.data?.runs_issued ?? 0;
  const done = [sites > 0, live.connection.phase === "live", windows > 0 || issued > 0, issued > 0];
  const first = done.indexOf(false);
  const state = (index: number): Step["state"] => (done[index] ? "done" : index === first ? "now" : "later");
  return [
    {
      name: "Sites and series",
      state: state(0),
      detail: sites ? `${sites} sites, ${series} series` : "reading the catalog",
    },
    { name: "Live connection", state: state(1), detail: live.connection.phase },
    {
      name: "Measurements",
      state: state(2),
      detail: windows
        ? `${formatCount(windows)} windows heard`
        : issued
          ? "stored"
          : "back-fill is under way",
    },
    {
      name: "First forecast run",
      state: state(3),
      detail: issued ? `${formatCount(issued)} runs` : "with the next slot",
    },
  ];
}
