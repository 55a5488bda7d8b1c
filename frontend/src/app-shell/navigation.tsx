"use client";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { useState } from "react";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { shellWords } from "@/words/shell";
import { useWords } from "@/words/use-words";
import { PageIcon } from "./icons";
import { type Page, pageAt, READY_PAGES } from "./pages";
import { useRoom } from "./room";

function useCritical(): number {
  return useRoom().live.data.alerts.filter((alert) => alert.severity === "critical").length;
}

/** The pages as a rail at the side; on a narrow screen `NavigationMenu` stands in. */
export function Navigation() {
  const words = useWords(shellWords);
  const path = usePathname();
  return (
    <nav
      aria-label={words.pagesLabel}
      className="wall-hidden hidden w-21 shrink-0 overflow-y-auto border-line border-r bg-surface py-2 lg:block"
      data-testid="navigation"
    >
      <ul className="flex flex-col gap-0.5 px-1.5">
        {READY_PAGES.map((page) => (
          <li key={page.key}>
            <RailLink here={pageAt(path)?.key === page.key} page={page} />
          </li>
        ))}
      </ul>
    </nav>
  );
}

function RailLink({ page, here }: { page: Page; here: boolean }) {
  const words = useWords(shellWords);
  const look = here
    ? "bg-accent-soft font-semibold text-accent"
    : "text-muted hover:bg-raised hover:text-text";
  return (
    <Link
      aria-current={here ? "page" : undefined}
      className={`relative flex flex-col items-center gap-1 rounded-md px-1 py-2 text-2xs leading-3.5 ${look}`}
      href={page.href}
      prefetch={false}
      title={`${words.pages[page.key]} (g ${page.chord})`}
    >
      <PageIcon page={page.key} />
      {words.pages[page.key]}
      {page.key === "alerts" ? <Badge /> : null}
    </Link>
  );
}

function Badge() {
  const words = useWords(shellWords);
  const critical = useCritical();
  if (critical === 0) return null;
  return (
    <span className="absolute top-1 right-2.5 min-w-4 rounded-full bg-bad px-1 text-center font-semibold text-2xs text-surface leading-4">
      <span aria-hidden="true">{critical}</span>
      <span className="sr-only">{words.unread(critical)}</span>
    </span>
  );
}

/** The pages on a narrow screen: one button, one list. */
export function NavigationMenu() {
  const words = useWords(shellWords);
  const path = usePathname();
  const [open, setOpen] = useState(false);
  return (
    <div className="wall-hidden lg:hidden">
      <Button aria-haspopup="dialog" data-testid="menu" onClick={() => setOpen(true)}>
        <span aria-hidden="true">☰</span> {words.menu}
      </Button>
      <Dialog onClose={() => setOpen(false)} open={open} title={words.pagesLabel}>
        <ul className="p-2">
          {READY_PAGES.map((page) => (
            <li key={page.key}>
              <Link
                aria-current={pageAt(path)?.key === page.key ? "page" : undefined}
                className="flex min-h-11 items-center gap-3 rounded-md px-3 hover:bg-raised aria-[current]:bg-accent-soft aria-[current]:font-semibold aria-[current]:text-accent"
                href={page.href}
                onClick={() => setOpen(false)}
                prefetch={false}
              >
                <PageIcon page={page.key} />
                {words.pages[page.key]}
              </Link>
            </li>
          ))}
        </ul>
      </Dialog>
    </div>
  );
}
