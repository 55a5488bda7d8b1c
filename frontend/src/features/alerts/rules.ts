/** Order of the inbox, and the address of the moment that an alert is about. Pure. */
import type { InboxItem } from "./wire";

const WEIGHT = { critical: 0, warning: 1, info: 2 } as const;

/** The most severe first, within a severity the newest. */
export function inOrder(items: readonly InboxItem[]): InboxItem[] {
  return [...items].sort(
    (a, b) =>
      WEIGHT[a.alert.severity] - WEIGHT[b.alert.severity] ||
      Date.parse(b.alert.raised_at) - Date.parse(a.alert.raised_at) ||
      a.alert.alert_id.localeCompare(b.alert.alert_id),
  );
}

/** Spans of domain time that a snooze may last. */
export const SNOOZES = ["PT1H", "PT4H", "P1D", "P7D"] as const;

const AROUND_MS = 2 * 3_600_000;

/** The live page at the site, with the period of the alert in view. `subject` is a series or a device. */
export function momentOf({ alert }: InboxItem): string {
  const query = new URLSearchParams({ site: alert.site_id });
  if (alert.subject.startsWith(`${alert.site_id}/`)) query.set("series", alert.subject);
  query.set("from", new Date(Date.parse(alert.period_start) - AROUND_MS).toISOString());
  query.set("to", new Date(Date.parse(alert.period_end) + AROUND_MS).toISOString());
  return `/?${query.toString()}`;
}
