"use client";
import { type KeyboardEvent, useRef, useState } from "react";
import { liveWords } from "@/words/live";
import { useWords } from "@/words/use-words";
import { SiteLine } from "./site-line";
import { type SiteRow, searchRows } from "./site-rows";

interface Props {
  rows: readonly SiteRow[];
  selected: string | null;
  nowMs: number | null;
  onSelect: (siteId: string) => void;
}

/** All sites. `/` searches, up and down move through what was found. */
export function SiteList({ rows, selected, nowMs, onSelect }: Props) {
  const words = useWords(liveWords).list;
  const [typed, setTyped] = useState("");
  const search = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const found = searchRows(rows, typed);

  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") setTyped("");
    if (!step || found.length === 0) return;
    event.preventDefault();
    const at = found.findIndex((row) => row.siteId === selected);
    const next = found[Math.min(found.length - 1, Math.max(0, at + step))];
    if (!next) return;
    onSelect(next.siteId);
    const line = list.current?.querySelector<HTMLElement>(`[data-site="${CSS.escape(next.siteId)}"]`);
    line?.scrollIntoView({ block: "nearest" });
    if (document.activeElement !== search.current) line?.focus();
  };

  return (
    <nav
      aria-label={words.label}
      className="card flex max-h-80 min-h-0 flex-col overflow-hidden lg:max-h-none"
      onKeyDown={onKeyDown}
    >
      <div className="flex items-center gap-2 border-line border-b p-2">
        <input
          aria-keyshortcuts="/"
          aria-label={words.search}
          className="min-w-0 flex-1 rounded-md border border-line bg-raised px-2 py-1 text-sm placeholder:text-muted"
          onChange={(event) => setTyped(event.target.value)}
          placeholder={words.search}
          ref={search}
          type="search"
          value={typed}
        />
        <kbd className="rounded border border-line px-1.5 text-2xs text-muted" title={words.searchKey}>
          /
        </kbd>
        <span className="whitespace-nowrap text-2xs text-muted" data-testid="site-count">
          {words.count(found.length, rows.length)}
        </span>
      </div>
      <ul className="min-h-0 flex-1 overflow-y-auto" ref={list}>
        {found.map((row) => (
          <SiteItem
            key={row.siteId}
            nowMs={nowMs}
            onSelect={onSelect}
            row={row}
            selected={row.siteId === selected}
          />
        ))}
        {found.length === 0 && rows.length > 0 ? (
          <li className="p-4 text-center text-muted text-xs">{words.none(typed)}</li>
        ) : null}
      </ul>
    </nav>
  );
}

function SiteItem(props: {
  row: SiteRow;
  selected: boolean;
  nowMs: number | null;
  onSelect: (siteId: string) => void;
}) {
  const { row, selected, nowMs, onSelect } = props;
  const look = selected ? "border-l-accent bg-accent-soft" : "border-l-transparent hover:bg-raised";
  return (
    <li className="border-line border-b last:border-b-0">
      <button
        aria-current={selected ? "true" : undefined}
        className={`block w-full border-l-3 px-2.5 py-1.5 text-left focus-visible:-outline-offset-2 ${look}`}
        data-site={row.siteId}
        data-testid="site"
        onClick={() => onSelect(row.siteId)}
        type="button"
      >
        <SiteLine nowMs={nowMs} row={row} />
      </button>
    </li>
  );
}
