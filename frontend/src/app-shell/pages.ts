/** The nine pages, in the order of the navigation. `ready` says that the route exists; a test compares. */

export const PAGE_KEYS = [
  "live",
  "as-at",
  "alerts",
  "assets",
  "accuracy",
  "models",
  "settlement",
  "verify",
  "pipeline",
] as const;
export type PageKey = (typeof PAGE_KEYS)[number];

export interface Page {
  key: PageKey;
  href: string;
  /** The letter after `g`. */
  chord: string;
  ready: boolean;
}

export const PAGES: readonly Page[] = [
  { key: "live", href: "/", chord: "l", ready: true },
  { key: "as-at", href: "/as-at", chord: "a", ready: true },
  { key: "alerts", href: "/alerts", chord: "n", ready: true },
  { key: "assets", href: "/assets", chord: "d", ready: true },
  { key: "accuracy", href: "/accuracy", chord: "c", ready: true },
  { key: "models", href: "/models", chord: "m", ready: true },
  { key: "settlement", href: "/settlement", chord: "s", ready: true },
  { key: "verify", href: "/verify", chord: "v", ready: true },
  { key: "pipeline", href: "/pipeline", chord: "p", ready: true },
];

export const READY_PAGES = PAGES.filter((page) => page.ready);

/** The page that a path belongs to. */
export function pageAt(path: string): Page | undefined {
  return PAGES.find(({ href }) =>
    href === "/" ? path === "/" : path === href || path.startsWith(`${href}/`),
  );
}
