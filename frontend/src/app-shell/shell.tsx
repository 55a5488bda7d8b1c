"use client";
import dynamic from "next/dynamic";
import { useRouter } from "next/navigation";
import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { shellWords } from "@/words/shell";
import { useLanguage, useWords } from "@/words/use-words";
import { Header } from "./header";
import type { Binding } from "./key-ring";
import { Navigation } from "./navigation";
import { READY_PAGES } from "./pages";
import { RoomProvider } from "./room";
import type { ShellActions } from "./shell-actions";
import { useKeyboard, useKeys } from "./use-keys";
import { useThemeChoice } from "./use-theme";
import { useWall } from "./use-wall";

/** Not needed to see the page: fetched once it stands, so that the first key already finds them. */
const loadHelp = () => import("./key-help");
const loadPalette = () => import("./palette");
const KeyHelp = dynamic(() => loadHelp().then((file) => file.KeyHelp));
const Palette = dynamic(() => loadPalette().then((file) => file.Palette));

const AFTER_MS = 2_000;

/** What stands around every page. */
export function Shell({ development, children }: { development: boolean; children: ReactNode }) {
  return (
    <RoomProvider>
      <Frame development={development}>{children}</Frame>
    </RoomProvider>
  );
}

function Frame({ development, children }: { development: boolean; children: ReactNode }) {
  const words = useWords(shellWords);
  const [open, setOpen] = useState<Overlay | null>(null);
  const wall = useWall();
  const actions = useActions(setOpen, wall.turn);
  useKeys(useBindings(actions));
  useKeyboard();
  return (
    <div className="flex min-h-dvh flex-col lg:h-dvh">
      <a
        className="sr-only z-50 rounded-md bg-accent px-3 py-2 font-medium text-surface focus:not-sr-only focus:absolute focus:top-2 focus:left-2"
        href="#page"
      >
        {words.skip}
      </a>
      <Header actions={actions} development={development} />
      <div className="flex min-h-0 flex-1">
        <Navigation />
        <main className="min-w-0 flex-1 p-3 outline-none lg:overflow-y-auto" id="page" tabIndex={-1}>
          {children}
        </main>
      </div>
      <Overlays actions={actions} onClose={() => setOpen(null)} open={open} />
    </div>
  );
}

type Overlay = "help" | "palette";

function Overlays(props: { open: Overlay | null; onClose: () => void; actions: ShellActions }) {
  const { open, onClose, actions } = props;
  const seen = useRef(new Set<Overlay>());
  if (open) seen.current.add(open);
  useEffect(() => {
    const timer = setTimeout(() => {
      // Without them the keys fetch again and say what is wrong.
      Promise.all([loadPalette(), loadHelp()]).catch(() => undefined);
    }, AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <>
      {seen.current.has("help") ? <KeyHelp onClose={onClose} open={open === "help"} /> : null}
      {seen.current.has("palette") ? (
        <Palette actions={actions} onClose={onClose} open={open === "palette"} />
      ) : null}
    </>
  );
}

function useActions(open: (what: Overlay) => void, wall: () => void): ShellActions {
  const { next } = useThemeChoice();
  const { language, choose } = useLanguage();
  return useMemo(
    () => ({
      help: () => open("help"),
      palette: () => open("palette"),
      // The page's own search where it has one; else the palette finds sites and pages.
      search: () => {
        const field = document.querySelector<HTMLInputElement>("main input[type=search]");
        if (field) field.focus();
        else open("palette");
      },
      theme: next,
      language: () => choose(language === "en" ? "de" : "en"),
      wall,
    }),
    [open, next, language, choose, wall],
  );
}

function useBindings(actions: ShellActions): readonly Binding[] {
  const words = useWords(shellWords);
  const router = useRouter();
  return useMemo(() => {
    const everywhere = (key: string, name: keyof typeof words.keys, run: () => void): Binding => ({
      keys: [key],
      group: "everywhere",
      name: words.keys[name],
      run,
    });
    const chords = READY_PAGES.map(
      (page): Binding => ({
        keys: ["g", page.chord],
        group: "goTo",
        name: words.pages[page.key],
        run: () => router.push(page.href),
      }),
    );
    return [
      everywhere("?", "help", actions.help),
      everywhere("/", "search", actions.search),
      everywhere("mod+k", "palette", actions.palette),
      everywhere("w", "wall", actions.wall),
      ...chords,
    ];
  }, [words, router, actions]);
}
