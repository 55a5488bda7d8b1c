import type { en } from "../en/wallet";
import { errors } from "./contract-errors";

export const de: typeof en = {
  connect: "Wallet verbinden",
  disconnect: "Trennen",
  choose: "Wallet wählen",
  chooseText:
    "Das sind die Wallets in diesem Browser. Verbinden signiert nichts: Die Seite sieht Ihre Adresse, mehr nicht.",
  noneTitle: "In diesem Browser ist keine Wallet",
  noneText:
    "Eine Wallet ist eine Erweiterung des Browsers, die Ihre Schlüssel verwahrt. Installieren Sie eine und laden Sie die Seite neu, dann steht sie hier. Lesen lässt sich hier alles auch ohne.",
  account: "Konto",
  roles: {
    viewer: "liest mit",
    operator: "Betrieb",
    provider: "legt Messwerte vor",
    authority: "Prognosestelle",
    admin: "Verwaltung",
    arbiter: "Schiedsgericht",
  },
  wrongChain: (has, wants) =>
    `Ihre Wallet ist auf Kette ${has}. Die Verträge dieser Installation stehen auf Kette ${wants}.`,
  switchChain: "Wallet umschalten",
  chainName: "Gridseal, lokale Kette",
  chain: (id) => `Kette ${id}`,
  signIn: "Anmelden",
  signOut: "Abmelden",
  signedIn: "Angemeldet",
  signInText:
    "Die Anmeldung beweist, dass das Konto Ihres ist. Sie kostet nichts und erlaubt keine Transaktion.",
  statement: "Sign in to Gridseal. This costs nothing and allows no transaction.",
  tx: {
    title: "Ihre Transaktionen",
    none: "Was Sie von diesem Browser senden, steht hier mit seinem Zustand, bis Sie es entfernen.",
    remove: "Entfernen",
    hash: "Transaktion",
    block: "Block",
    states: {
      none: "nicht signiert",
      signing: "wartet auf Ihre Wallet",
      sent: "gesendet",
      mined: "in einem Block",
      final: "endgültig",
      failed: "nicht geschehen",
      replaced: "ersetzt",
    },
    says: {
      none: "",
      signing: "Sehen Sie in Ihre Wallet: Sie zeigt, was Sie signieren sollen.",
      block: "Abgegeben. Es wartet auf den nächsten Block.",
      sight: "Von Ihrer Wallet abgegeben. Der Knoten kennt es noch nicht.",
      nonce:
        "Die Wallet zählt mehr Transaktionen, als diese Kette gesehen hat. Wurde die lokale Kette neu gestartet, löschen Sie den Verlauf der Wallet für dieses Netz (in MetaMask: Einstellungen, Erweitert, Aktivitätsdaten löschen) und senden Sie erneut.",
      mined: (have, need) => `${have} von ${need} Blöcken, die es endgültig machen.`,
      final: (block) => `Nichts kann es zurücknehmen. Block ${block}.`,
      replaced: "Ihre Wallet hat an seiner Stelle eine andere Transaktion gesendet.",
    },
    by: "durch",
  },
  refusals: {
    rejected: "Sie haben in der Wallet abgelehnt. Nichts wurde gesendet.",
    reverted: "Der Vertrag hat es ohne Begründung abgelehnt.",
    "wrong-chain": "Die Wallet ist auf einer anderen Kette. Schalten Sie um und versuchen Sie es erneut.",
    "unknown-chain": "Die Wallet kennt diese Kette nicht. Fügen Sie sie hinzu und versuchen Sie es erneut.",
    "not-allowed": "Die Wallet gibt dieser Seite das Konto nicht frei. Verbinden Sie neu.",
    busy: "Die Wallet wartet noch auf eine Antwort von Ihnen. Antworten Sie dort und versuchen Sie es erneut.",
    away: "Der Knoten der Kette antwortet nicht. Nichts wurde gesendet.",
    nonce:
      "Wallet und Kette zählen Ihre Transaktionen verschieden. Wahrscheinlich wurde die lokale Kette neu gestartet: Löschen Sie den Verlauf der Wallet für dieses Netz (in MetaMask: Einstellungen, Erweitert, Aktivitätsdaten löschen) und versuchen Sie es erneut.",
    funds: "Das Konto hat zu wenig Ether für die Gebühr.",
    "chain-reset":
      "Die Kette wurde danach neu gestartet. Was Sie gesendet haben, ist mit der alten verschwunden; nichts davon zählt.",
    other: (message) => `Die Wallet antwortete: ${message}`,
    contract: (sentence) => `Der Vertrag lehnt ab: ${sentence}`,
  },
  unknownError: (name) => `Er gab den Fehler ${name}.`,
  errors,
};
