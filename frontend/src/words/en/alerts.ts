import type { Tone } from "@/ui/pill";

const tones: Record<"critical" | "warning" | "info", Tone> = {
  critical: "bad",
  warning: "warn",
  info: "quiet",
};

export const en = {
  title: "Alerts",
  text: "What the stream found about devices and series, what was done about it, by whom and when. New ones come by themselves.",
  tones,
  all: "All",
  severity: "Severity",
  severities: { critical: "Critical", warning: "Warning", info: "Info" },
  states: { open: "Open", acknowledged: "Acknowledged", snoozed: "Snoozed", resolved: "Resolved" },
  none: {
    open: {
      title: "No open alerts",
      text: "Nothing waits for anybody. Findings appear here within seconds.",
    },
    acknowledged: {
      title: "Nobody works on an alert",
      text: "What is acknowledged stands here until it is resolved.",
    },
    snoozed: { title: "Nothing is snoozed", text: "Snoozed alerts come back by themselves." },
    resolved: {
      title: "Nothing has been resolved yet",
      text: "Resolved alerts stay here with their audit trail.",
    },
  },
  counted: (n: number) => (n === 1 ? "1 alert" : `${n} alerts`),
  detail: "Alert",
  site: "Site",
  subject: "About",
  rule: "Rule",
  when: "Period",
  seen: "Seen",
  until: "Snoozed until",
  times: (n: number) => (n === 1 ? "once" : `${n} times`),
  ago: (age: string) => `${age} ago`,
  cameBack: "came back",
  moment: "Open the chart at this moment",
  note: "Note (kept in the audit trail)",
  for: "for",
  snoozes: { PT1H: "1 hour", PT4H: "4 hours", P1D: "1 day", P7D: "7 days" },
  actions: { acknowledge: "Acknowledge", snooze: "Snooze", resolve: "Resolve", reopen: "Reopen" },
  done: { acknowledge: "acknowledged", snooze: "snoozed", resolve: "resolved", reopen: "reopened" },
  by: (who: string) => `by ${who}`,
  untilWhen: (moment: string) => `until ${moment}`,
  trail: "Audit trail",
  noTrail: "Nothing has been done about it yet.",
  keys: { next: "Next alert", before: "Alert before" },
};
