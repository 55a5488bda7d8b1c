import type { en } from "../en/ui";

export const de: typeof en = {
  state: {
    "first-run": {
      title: "Hier ist noch nichts geschehen",
      text: "Die ersten Einträge kommen von selbst; es ist nichts zu tun.",
    },
    empty: { title: "Nichts zu zeigen", text: "" },
    loading: { title: "Lädt", text: "" },
    partial: { title: "Nicht alles ist da", text: "Was gezeigt wird, stimmt; der Rest fehlt." },
    stale: { title: "Das ist alt", text: "" },
    reconnecting: {
      title: "Die Verbindung wird neu aufgebaut",
      text: "Was gezeigt wird, war vorher zu hören.",
    },
    offline: {
      title: "Die Dienste sind nicht erreichbar",
      text: "Was gezeigt wird, ist von vorher. „gridseal status“ sagt, welcher Teil ausgefallen ist.",
    },
    error: { title: "Das ließ sich nicht lesen", text: "" },
    "no-permission": {
      title: "Dafür fehlt die Rolle",
      text: "Wer diese Installation betreibt, kann sie erteilen.",
    },
  },
  age: (age) => `${age} alt`,
  attempt: (attempt) => `Versuch ${attempt}.`,
  retry: "Noch einmal",
  trace: "Spur",
  copy: "Kopieren",
  copied: "Kopiert",
  copyRefused: "Nicht erlaubt",
  copyWhat: (what) => `${what} kopieren`,
  traceId: "Spurkennung",
  confirm: "Bestätigen",
  cancel: "Abbrechen",
  table: {
    show: "Tabelle",
    hide: "Bild",
    asTable: "Werte als Tabelle",
    region: (caption) => `${caption}, Tabelle`,
    more: (count) => `${count} weitere zeigen`,
    count: (shown, all) =>
      shown === all ? `${all} ${all === 1 ? "Zeile" : "Zeilen"}` : `${shown} von ${all} Zeilen`,
    sort: (column) => `Nach ${column} ordnen`,
    none: "Keine Zeilen.",
    noValue: "—",
  },
  export: { label: "Ausgeben", busy: "…", failed: (why) => `Ausgabe gescheitert: ${why}` },
  figure: {
    keys: "Die Pfeiltasten links und rechts lesen die Werte einzeln vor.",
    nothing: "Keine Werte.",
  },
};
