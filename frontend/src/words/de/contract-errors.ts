import type { ErrorSentence } from "../contract-errors";
import type { errors as english } from "../en/contract-errors";

export const errors: Record<keyof typeof english, ErrorSentence> = {
  AccessControlUnauthorizedAccount: () => "Ihrem Konto fehlt die Rolle dafür.",
  AfterTheFact: (_, say) =>
    `Der Zeitraum ab ${say.time(0)} hatte begonnen, als das Gate um ${say.time(1)} schloss.`,
  AlreadyRecorded: () => "Für diesen Slot ist von dieser Stelle schon eine Prognose versiegelt.",
  AlreadyRegistered: () => "Diese Prognosestelle ist schon eingetragen.",
  BadSetting: () => "Eine Einstellung liegt außerhalb des Erlaubten.",
  BadSignature: () => "Die Signatur ist nicht die der Prognosestelle für genau diese Prognose.",
  BadTerms: () => "Diese Bedingungen liegen außerhalb des Erlaubten oder beginnen zu früh.",
  BondTooSmall: (_, say) => `Nötig ist eine Kaution von ${say.amount(0)}, angekommen sind ${say.amount(1)}.`,
  CannotJoin: () =>
    "Teilnehmen kann nur eine eingetragene Prognosestelle mit Einsatz, und nicht erneut, bevor ihre letzten Slots vorbei sind.",
  Deadline: (_, say) => `Die Frist ist ${say.time(0)}: Sie ist vorbei oder muss erst vergehen.`,
  ERC20InsufficientAllowance: (_, say) =>
    `Der Vertrag darf Ihnen ${say.amount(1)} abnehmen und braucht ${say.amount(2)}.`,
  ERC20InsufficientBalance: (_, say) => `Sie haben ${say.amount(1)}, nötig sind ${say.amount(2)}.`,
  EmptyActuals: () => "Es sind keine Messwerte darin.",
  EmptyBatch: () => "Es ist keine Prognose darin.",
  EmptyRequest: () => "Ein Produkt und ein Grund sind nötig.",
  EnforcedPause: () => "Neue Einsätze sind angehalten. Aussteigen und Abheben bleibt möglich.",
  GateAfterDelivery: () => "Das Gate darf nicht nach dem Beginn der Lieferung liegen.",
  GateClosed: (_, say) => `Das Gate schloss um ${say.time(0)}; der neueste Block ist von ${say.time(1)}.`,
  GateMoved: () => "Eine neue Version kann das Gate eines Slots nicht verschieben.",
  GateTooLate: (_, say) => `Das späteste Gate dieses Slots ist ${say.time(0)}.`,
  NoActuals: () => "Die Messwerte dieses Slots sind noch nicht endgültig.",
  NoSuchDispute: () => "Diesen Streit gibt es nicht.",
  NoSuchRequest: ([id]) => `Der Antrag ${id} ist nicht Ihrer oder schon ausgezahlt.`,
  NoSuchRuling: () => "Diesen Entscheid gibt es nicht.",
  NoTerms: () => "Dieses Produkt hat für diesen Slot keine Bedingungen: Es wird nicht abgerechnet.",
  NotAdmitted: () =>
    "Diese Prognosestelle hat Sie nicht als Unterstützer zugelassen. Bitten Sie darum oder setzen Sie auf eine andere.",
  NotCounted: () => "Die Zahl der Blätter ist noch nicht bewiesen.",
  NotIn: () => "Diese Prognosestelle nimmt nicht teil.",
  NotNow: ([status]) =>
    `Die Messwerte sind nicht in dem Zustand, der nötig ist; sie sind ${["noch nicht vorgelegt", "vorgelegt", "umstritten", "endgültig", "verworfen"][Number(status)] ?? "in einem anderen"}.`,
  NotOpen: () => "Über diesen Streit ist schon entschieden, oder es gab ihn nie.",
  NotProvider: () => "Das darf nur, wer Messwerte vorlegt.",
  NotTheRecordedBatch: () =>
    "Für den Slot ist eine andere Prognose versiegelt als die, die ersetzt werden soll.",
  NotTheSealedBatch: () => "Das ist nicht die Prognose, die versiegelt wurde.",
  NotYet: (_, say) => `Das geht ab ${say.time(0)}.`,
  OwnableUnauthorizedAccount: () => "Das darf nur, wem dieser Vertrag gehört.",
  ProductFull: () => "An diesem Produkt können keine weiteren Prognosestellen teilnehmen.",
  RulingTime: (_, say) => `Das Schiedsgericht hat bis ${say.time(0)} Zeit.`,
  SafeERC20FailedOperation: () => "Das Guthaben ließ sich nicht bewegen.",
  TooLittle: () => "Das ist zu wenig: Es käme nichts dabei heraus.",
  UnknownAuthority: () => "Dieses Konto ist nicht als Prognosestelle eingetragen.",
  VersionNotHigher: ([recorded]) => `Für diesen Slot gilt Version ${recorded} oder eine höhere.`,
  WindowClosed: (_, say) => `Die Frist zum Bestreiten endete um ${say.time(0)}.`,
  WindowOpen: (_, say) => `Bestreiten ist bis ${say.time(0)} möglich.`,
  WrongFee: () => "Die Gebühr des Schiedsgerichts wurde nicht genau mitgeschickt.",
  WrongLevels: () => "Versiegelt wurde für andere Quantile als die des Produkts.",
  WrongNonce: () => "Die Prognosestelle hat inzwischen anderes versiegelt. Bereiten Sie es neu vor.",
  WrongPreviousBatch: () => "Die Prognosestelle hat inzwischen anderes versiegelt. Bereiten Sie es neu vor.",
  WrongSignerKind: () => "So kann dieses Konto nicht signieren.",
  WrongState: ([state]) =>
    `Die Runde ist in einem anderen Zustand: ${["nicht eröffnet", "in der Offenlegung", "abgerechnet", "neutral"][Number(state)] ?? "unbekannt"}.`,
};
