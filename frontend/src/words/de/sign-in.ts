import type { en } from "../en/sign-in";

export const de: typeof en = {
  title: "Anmelden",
  text: "Prognosen von Leistung, jede besiegelt, bevor ihr Ergebnis bekannt ist. Diese Anlage fragt, wer Sie sind.",
  provider: (host: string) => `Weiter mit ${host}`,
  or: "oder",
  wallet: {
    title: "Mit einer Wallet",
    text: "Sie unterschreiben einen Satz; nichts wird gesendet oder bezahlt. Ihre Rollen sind, was die Chain sagt.",
    none: "In diesem Browser hat sich keine Wallet gemeldet.",
    statement: "Sign in to Gridseal.",
    button: (name: string) => `Mit ${name} anmelden`,
  },
  key: {
    title: "Mit einem API-Schlüssel",
    label: "API-Schlüssel",
    text: "Er liegt, wo Skripte ihn nicht lesen können, bis Sie sich abmelden oder zwölf Stunden lang.",
    button: "Anmelden",
  },
  why: {
    away: "Der Anbieter antwortet nicht. Versuchen Sie es noch einmal oder melden Sie sich anders an.",
    again:
      "Diese Anmeldung wurde nicht rechtzeitig oder nicht in diesem Browser beendet. Versuchen Sie es noch einmal.",
    refused: "Der Anbieter hat Sie nicht hereingelassen.",
  },
  signedOut: {
    title: "Sie sind abgemeldet",
    text: "Zu sehen ist, was bis dahin bekannt war; Neues kommt nicht an.",
    link: "Wieder anmelden",
  },
  noPermission: {
    title: "Ihre Rolle darf das nicht sehen",
    text: "Sie sind angemeldet, haben hier aber keine Rolle. Fragen Sie, wer diese Anlage betreibt.",
  },
  out: "Abmelden",
  who: { person: "angemeldet", machine: "API-Schlüssel", wallet: "Wallet", local: "" },
};
