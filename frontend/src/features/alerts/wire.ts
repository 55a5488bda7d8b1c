/** Answers of `/api/v1/alerts`: findings, how they stand, and who did what about them. */
import { z } from "zod";
import { Alert } from "@/lib/wire";

const utc = z.iso.datetime({ offset: true });
export const ACTIONS = ["acknowledge", "snooze", "resolve", "reopen"] as const;
export const STATES = ["open", "acknowledged", "snoozed", "resolved"] as const;
export type Action = (typeof ACTIONS)[number];
export type AlertState = (typeof STATES)[number];

export const AlertAction = z.object({
  action_id: z.number().int(),
  recorded_at: utc,
  at: utc,
  action: z.enum(ACTIONS),
  by: z.string(),
  note: z.string(),
  until: utc.nullable(),
});
export type AlertAction = z.infer<typeof AlertAction>;

export const InboxItem = z.object({
  alert: Alert,
  state: z.enum(STATES),
  until: utc.nullable(),
  came_back: z.boolean(),
  last: AlertAction.nullable(),
  actions: z.number().int(),
  allowed: z.array(z.enum(ACTIONS)),
});
export type InboxItem = z.infer<typeof InboxItem>;

export const Inbox = z.object({
  as_at: utc,
  items: z.array(InboxItem),
  counts: z.partialRecord(z.enum(STATES), z.number().int()),
  next_cursor: z.string().nullable(),
});
export type Inbox = z.infer<typeof Inbox>;

export const Trail = z.object({ item: InboxItem, trail: z.array(AlertAction) });
export type Trail = z.infer<typeof Trail>;
