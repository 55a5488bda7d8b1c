"use client";
import { useRouter } from "next/navigation";
import { type KeyboardEvent, useId, useMemo, useState } from "react";
import { Dialog } from "@/ui/dialog";
import { shellWords } from "@/words/shell";
import { useWords } from "@/words/use-words";
import { Keys } from "./key-help";
import { READY_PAGES } from "./pages";
import { findEntries, type PaletteEntry } from "./palette-entries";
import { useRoom } from "./room";
import type { ShellActions } from "./shell-actions";

interface Props {
  open: boolean;
  onClose: () => void;
  actions: ShellActions;
}

/** Ctrl K: every page, every site, every action, found by typing. */
export function Palette({ open, onClose, actions }: Props) {
  const words = useWords(shellWords);
  return (
    <Dialog bare onClose={onClose} open={open} testId="palette" title={words.palette.title}>
      <PaletteBody actions={actions} onClose={onClose} />
    </Dialog>
  );
}

function useEntries(actions: ShellActions): PaletteEntry[] {
  const words = useWords(shellWords);
  const router = useRouter();
  const sites = useRoom().catalog.data?.sites;
  return useMemo(() => {
    const pages = READY_PAGES.map((page): PaletteEntry => {
      const run = () => router.push(page.href);
      const keys = ["g", page.chord];
      return {
        id: `page-${page.key}`,
        group: "pages",
        name: words.pages[page.key],
        also: page.key,
        keys,
        run,
      };
    });
    const places = (sites ?? []).map((site): PaletteEntry => {
      const run = () => router.push(`/?site=${encodeURIComponent(site.site_id)}`);
      const also = `${site.site_id} ${site.region_id}`;
      return { id: `site-${site.site_id}`, group: "sites", name: site.name, also, run };
    });
    const action = (id: "theme" | "language" | "wall" | "help", keys?: readonly string[]): PaletteEntry => ({
      id,
      group: "actions",
      name: words.keys[id],
      also: id,
      keys,
      run: actions[id],
    });
    return [
      ...pages,
      action("theme"),
      action("language"),
      action("wall", ["w"]),
      action("help", ["?"]),
      ...places,
    ];
  }, [words, router, sites, actions]);
}

function PaletteBody({ actions, onClose }: { actions: ShellActions; onClose: () => void }) {
  const words = useWords(shellWords);
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const list = useId();
  const found = findEntries(useEntries(actions), typed);
  const choose = (entry: PaletteEntry | undefined) => {
    if (!entry) return;
    onClose();
    entry.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Enter") choose(found[at]);
    else if (step) setAt(Math.max(0, Math.min(found.length - 1, at + step)));
    else return;
    event.preventDefault();
  };
  return (
    <div className="flex max-h-[70vh] flex-col">
      <input
        aria-activedescendant={found[at] ? `${list}-${found[at].id}` : undefined}
        aria-controls={list}
        aria-expanded="true"
        aria-label={words.palette.title}
        autoComplete="off"
        className="w-full border-line border-b bg-surface px-4 py-3 text-base outline-none placeholder:text-muted"
        data-testid="palette-input"
        onChange={(event) => {
          setTyped(event.target.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
        placeholder={words.palette.placeholder}
        role="combobox"
        value={typed}
      />
      <div className="min-h-0 flex-1 overflow-y-auto p-1.5" id={list} role="listbox">
        {found.map((entry, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the field above
          // biome-ignore lint/a11y/useFocusableInteractive: an option of a combobox is named by aria-activedescendant
          <div
            aria-selected={index === at}
            className="flex cursor-pointer items-center justify-between gap-3 rounded-md px-3 py-2 text-sm hover:bg-raised aria-selected:bg-accent-soft"
            id={`${list}-${entry.id}`}
            key={entry.id}
            onClick={() => choose(entry)}
            ref={(element) => {
              if (index === at) element?.scrollIntoView({ block: "nearest" });
            }}
            role="option"
          >
            <span className="min-w-0 truncate">{entry.name}</span>
            <span className="flex items-center gap-3 text-2xs text-muted">
              {words.palette[entry.group]}
              {entry.keys ? <Keys keys={entry.keys} /> : null}
            </span>
          </div>
        ))}
      </div>
      {found.length === 0 ? (
        <p className="px-4 pb-3 text-muted text-sm" role="status">
          {words.palette.none(typed)}
        </p>
      ) : null}
      <p className="border-line border-t px-4 py-2 text-2xs text-muted">{words.palette.hint}</p>
    </div>
  );
}
