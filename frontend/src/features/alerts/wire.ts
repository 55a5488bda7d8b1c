/** Answers of `/api/v1/alerts`: findings, how they stand, and who did what about them. */
import * as z from "zod/mini";
import { Alert } from "@/lib/wire";

const utc = z.iso.datetime({ offset: true });
export const ACTIONS = ["acknowledge", "snooze", "resolve", "reopen"] as const;
export const STATES = ["open", "acknowledged", "snoozed", "resolved"] as const;
export type Action = (typeof ACTIONS)[number];
export type AlertState = (typeof STATES)[number];

export const AlertAction = z.object({
  action_id: z.int(),
  recorded_at: utc,
  at: utc,
  action: z.enum(ACTIONS),
  by: z.string(),
  note: z.string(),
  until: z.nullable(utc),
});
export type AlertAction = z.infer<typeof AlertAction>;

export const InboxItem = z.object({
  alert: Alert,
  state: z.enum(STATES),
  until: z.nullable(utc),
  came_back: z.boolean(),
  last: z.nullable(AlertAction),
  actions: z.int(),
  allowed: z.array(z.enum(ACTIONS)),
});
export type InboxItem = z.infer<typeof InboxItem>;

export const Inbox = z.object({
  as_at: utc,
  items: z.array(InboxItem),
  counts: z.partialRecord(z.enum(STATES), z.int()),
  next_cursor: z.nullable(z.string()),
});
export type Inbox = z.infer<typeof Inbox>;

export const Trail = z.object({ item: InboxItem, trail: z.array(AlertAction) });
export type Trail = z.infer<typeof Trail>;
