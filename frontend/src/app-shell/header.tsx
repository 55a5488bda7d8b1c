"use client";
import dynamic from "next/dynamic";
import Link from "next/link";
import { useState } from "react";
import type { ClockAnchor } from "@/lib/live-state";
import { clockTime, longDay } from "@/lib/time";
import { useDomainNow } from "@/lib/use-now";
import { Button } from "@/ui/button";
import { shellWords } from "@/words/shell";
import { useWords } from "@/words/use-words";
import { ConnectionPill } from "./connection-pill";
import { NavigationMenu } from "./navigation";
import { useRoom } from "./room";
import type { ShellActions } from "./shell-actions";
import { useThemeChoice } from "./use-theme";

/** Only where there is a login. */
const Who = dynamic(() => import("./who").then((file) => file.Who));
const SignedOut = dynamic(() => import("./who").then((file) => file.SignedOut));

/** On every page: where we are, the domain clock, the connection, and the few things that hold everywhere. */
export function Header({ development, actions }: { development: boolean; actions: ShellActions }) {
  const room = useRoom();
  const words = useWords(shellWords);
  const [ended, setEnded] = useState(false);
  const out = !development && (ended || room.live.connection.phase === "signed-out");
  const sites = room.catalog.data?.sites.length ?? room.summary.data?.sites;
  return (
    <header className="border-line border-b bg-surface">
      {development ? (
        <p className="bg-warn-soft px-3 py-0.5 text-center text-2xs text-warn" data-testid="dev-banner">
          {words.developmentBanner}
        </p>
      ) : null}
      {out ? <SignedOut /> : null}
      <div className="flex flex-wrap items-center justify-between gap-x-5 gap-y-1.5 px-3 py-2">
        <div className="flex items-center gap-2.5">
          <Mark />
          <div>
            <p className="font-semibold text-base leading-5">
              <Link href="/" prefetch={false}>
                Gridseal
              </Link>
            </p>
            <p className="hidden text-2xs text-muted sm:block">
              {words.subtitle(sites, room.summary.data?.series)}
            </p>
          </div>
        </div>
        <DomainClock clock={room.clock} />
        <div className="flex flex-wrap items-center gap-2">
          <ConnectionPill connection={room.live.connection} onRetry={room.retry} />
          {development ? null : <Who onEnded={setEnded} />}
          <Controls actions={actions} />
          <NavigationMenu />
        </div>
      </div>
    </header>
  );
}

function Controls({ actions }: { actions: ShellActions }) {
  const words = useWords(shellWords);
  const { theme } = useThemeChoice();
  const mark = { auto: "◐", light: "☀", dark: "☾" }[theme];
  return (
    <div className="wall-hidden flex items-center gap-1">
      <Button aria-keyshortcuts="Control+K Meta+K" data-testid="palette-open" onClick={actions.palette}>
        {words.palette.open}
        <kbd className="hidden rounded border border-line px-1 font-sans text-2xs text-muted sm:inline">
          Ctrl K
        </kbd>
      </Button>
      <Button
        aria-label={words.theme.next(words.theme[theme])}
        data-testid="theme"
        look="quiet"
        onClick={actions.theme}
        title={words.theme.next(words.theme[theme])}
      >
        <span aria-hidden="true">{mark}</span>
      </Button>
      <Button
        data-testid="language"
        lang={words.language.change === "Deutsch" ? "de" : "en"}
        look="quiet"
        onClick={actions.language}
      >
        {words.language.change}
      </Button>
      <Button
        aria-label={words.help.title}
        data-testid="help-open"
        look="quiet"
        onClick={actions.help}
        title={`${words.help.title} (?)`}
      >
        ?
      </Button>
    </div>
  );
}

function DomainClock({ clock }: { clock: ClockAnchor | null }) {
  const words = useWords(shellWords);
  const now = useDomainNow(clock, 250);
  const lapse = clock && clock.scale !== 1 ? words.clock.lapse(clock.scale) : words.clock.real;
  return (
    <div className="flex items-baseline gap-2.5" data-testid="domain-clock">
      <span className="font-semibold text-xl leading-6">
        {now === null ? "––:––" : clockTime(now, "UTC")}
      </span>
      <span className="text-muted text-xs">
        {now === null ? words.clock.waiting : `UTC · ${longDay(now, "UTC")} · ${lapse}`}
      </span>
    </div>
  );
}

function Mark() {
  return (
    <svg aria-hidden="true" className="size-7" viewBox="0 0 32 32">
      <rect fill="var(--accent)" height="32" rx="7" width="32" />
      <path
        d="M4 21c4 0 5-8 9-8s4 4 7 4"
        fill="none"
        stroke="var(--surface)"
        strokeLinecap="round"
        strokeWidth="2.6"
      />
      <path d="M20 17 28 9v16z" fill="var(--surface)" fillOpacity=".55" />
      <path d="M20 17 28 13v8z" fill="var(--surface)" />
    </svg>
  );
}
