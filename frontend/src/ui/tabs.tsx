"use client";
import { type KeyboardEvent, type ReactNode, useId } from "react";

interface Props<K extends string> {
  label: string;
  tabs: readonly { key: K; name: string; note?: string }[];
  selected: K;
  onSelect: (key: K) => void;
  children: ReactNode;
}

/** Tabs as WAI-ARIA has them: arrows, Home and End move and choose at once. */
export function Tabs<K extends string>({ label, tabs, selected, onSelect, children }: Props<K>) {
  const id = useId();
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    const at = tabs.findIndex((tab) => tab.key === selected);
    const next = {
      ArrowRight: (at + 1) % tabs.length,
      ArrowLeft: (at - 1 + tabs.length) % tabs.length,
      Home: 0,
      End: tabs.length - 1,
    }[event.key];
    const tab = next === undefined ? undefined : tabs[next];
    if (!tab) return;
    event.preventDefault();
    onSelect(tab.key);
    event.currentTarget.querySelectorAll<HTMLElement>("[role=tab]")[next ?? 0]?.focus();
  };
  return (
    <>
      <div
        aria-label={label}
        className="flex gap-1 overflow-x-auto border-line border-b"
        onKeyDown={onKeyDown}
        role="tablist"
      >
        {tabs.map((tab) => {
          const on = tab.key === selected;
          const look = on
            ? "border-accent font-semibold text-text"
            : "border-transparent text-muted hover:text-text";
          return (
            <button
              aria-controls={`${id}-panel`}
              aria-selected={on}
              className={`-mb-px whitespace-nowrap border-b-2 px-3 py-2 text-xs focus-visible:-outline-offset-2 ${look}`}
              id={`${id}-${tab.key}`}
              key={tab.key}
              onClick={() => onSelect(tab.key)}
              role="tab"
              tabIndex={on ? 0 : -1}
              type="button"
            >
              {tab.name}
              {tab.note ? <span className="ml-1.5 text-2xs text-muted">{tab.note}</span> : null}
            </button>
          );
        })}
      </div>
      <div aria-labelledby={`${id}-${selected}`} className="pt-1" id={`${id}-panel`} role="tabpanel">
        {children}
      </div>
    </>
  );
}
