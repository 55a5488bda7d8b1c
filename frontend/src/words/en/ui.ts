export const en = {
  state: {
    "first-run": {
      title: "Nothing has happened here yet",
      text: "The first entries come by themselves; there is nothing to do.",
    },
    empty: { title: "Nothing to show", text: "" },
    loading: { title: "Loading", text: "" },
    partial: { title: "Not everything is here", text: "What is shown is right; the rest is missing." },
    stale: { title: "This is old", text: "" },
    reconnecting: {
      title: "The connection is being made again",
      text: "What is shown was heard before it broke.",
    },
    offline: {
      title: "The services cannot be reached",
      text: "What is shown was heard before. “gridseal status” says which part is down.",
    },
    error: { title: "This could not be read", text: "" },
    "no-permission": {
      title: "This needs a role that you do not have",
      text: "Ask whoever runs this installation.",
    },
  },
  age: (age: string) => `${age} old`,
  attempt: (attempt: number) => `Attempt ${attempt}.`,
  retry: "Try again",
  trace: "Trace",
  copy: "Copy",
  copied: "Copied",
  copyRefused: "Not allowed",
  copyWhat: (what: string) => `Copy ${what}`,
  traceId: "trace id",
  confirm: "Confirm",
  cancel: "Cancel",
  table: {
    show: "Table",
    hide: "Chart",
    asTable: "Values as a table",
    region: (caption: string) => `${caption}, table`,
    more: (count: number) => `Show ${count} more`,
    count: (shown: number, all: number) =>
      shown === all ? `${all} ${all === 1 ? "row" : "rows"}` : `${shown} of ${all} rows`,
    sort: (column: string) => `Sort by ${column}`,
    none: "No rows.",
    noValue: "—",
  },
  export: { label: "Export", busy: "…", failed: (why: string) => `Export failed: ${why}` },
  figure: {
    keys: "Left and right arrow keys read the values one by one.",
    nothing: "No values.",
  },
};
