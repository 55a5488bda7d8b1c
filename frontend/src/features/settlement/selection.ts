/** What is looked at, in the address of the page. Pure but for the address bar. */

export const TABS = ["slots", "stake", "recalibrate"] as const;
export type Tab = (typeof TABS)[number];

export interface Choice {
  tab: Tab;
  /** Only this product's slots in the list. */
  filter: string | null;
  product: string | null;
  /** RFC 3339 with Z. */
  slot: string | null;
}

type Params = Readonly<Record<string, string | string[] | undefined>>;

export function choiceFrom(params: Params): Choice {
  const one = (key: string, pattern: RegExp) => {
    const value = params[key];
    return typeof value === "string" && pattern.test(value) ? value : null;
  };
  const name = /^[a-z0-9][a-z0-9.-]{0,62}$/;
  const tab = TABS.find((key) => key === params.tab) ?? "slots";
  const product = one("product", name);
  const slot = one("slot", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  return { tab, filter: one("filter", name), product: slot ? product : null, slot: product ? slot : null };
}

export function addressOf({ tab, filter, product, slot }: Choice): string {
  const params = new URLSearchParams();
  if (tab !== "slots") params.set("tab", tab);
  if (filter) params.set("filter", filter);
  if (product && slot) {
    params.set("product", product);
    params.set("slot", slot);
  }
  const text = params.toString();
  return `/settlement${text ? `?${text}` : ""}`;
}

export function keepChoice(choice: Choice): void {
  window.history.replaceState(null, "", addressOf(choice));
}
