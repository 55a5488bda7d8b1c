import type { en } from "../en/accuracy";

const kinds: Record<string, string> = {
  wind: "Wind",
  pv: "Solaranlage",
  home_load: "Verbrauch im Haus",
  home_pv: "Solar am Haus",
  home_net: "Haus, saldiert",
  household: "Haushalt",
  storage: "Speicher",
  demand: "Nachfrage",
};

export const de: typeof en = {
  title: "Genauigkeit",
  text: "Wie gut ausgegebene Prognosen waren: jede Zahl mit ihrer Stichprobe und dem, was Zufall sein kann.",
  kinds,
  to: "bis",
  all: "Alle",
  span: "Zeitraum",
  spans: { PT24H: "24 Stunden", P2D: "2 Tage", P7D: "7 Tage", P31D: "31 Tage" },
  asAt: (moment) => `Stand ${moment}: nur was bis dahin ausgegeben und zu Ende war.`,
  first: {
    title: "Noch ist keine Prognose reif",
    text: "Zahlen erscheinen, wenn die ersten Perioden vorbei und ihre Messwerte vollständig sind: eine Stunde Domänenzeit nach dem ersten Lauf, auf der lokalen Anlage etwa eine Minute.",
  },
  methods: { block_bootstrap: "Block-Bootstrap", wilson: "Wilson", none: "zu wenige Blöcke" },
  contest: {
    title: "Champion gegen Vergleichsmodell",
    kind: "Art",
    model: "Modell",
    product: "Produkt",
    skill: "Vorsprung vor den Analogen",
    pinball: "Pinball-Verlust",
    baseline: "Verlust des Vergleichs",
    ofRange: "der Spanne",
    coverage90: "Abdeckung 9 von 10",
    forecasts: "Prognosen",
    series: "Reihen",
    blocks: "Blöcke",
    verdict: { better: "besser", worse: "schlechter", open: "offen" },
    note: (block) =>
      `In Klammern: wo die Zahl in 19 von 20 Wiederholungen läge, durch Ziehen ganzer Blöcke von ${block} (Block-Bootstrap, 1000 Ziehungen); bei weniger als 4 Blöcken Anteile nach Wilson und Verluste ohne Klammern. Beide Modelle haben dieselben Perioden vorhergesagt. Die Spanne ist P99 − P1 jeder Reihe.`,
  },
  timeline: {
    panel: "Im Verlauf",
    title: "Mittlerer Pinball-Verlust je Stunde",
    description:
      "Linien des mittleren Pinball-Verlusts des Dienstes und des Vergleichsmodells, Stunde für Stunde.",
    hour: "Stunde",
    served: "ausgegeben",
    baseline: "Analogon (Vergleich)",
    caption: (n) => `${n} reife Prognosen, Mittel je Stunde der Periode, über alle gewählten Arten.`,
  },
  reliability: {
    panel: "Zuverlässigkeit",
    title: "Versprochen und beobachtet",
    description:
      "Zuverlässigkeitsdiagramm: versprochenes Niveau waagrecht, Anteil der Ergebnisse darunter senkrecht.",
    level: "Versprochen",
    observed: "Beobachtet",
    low: "von",
    high: "bis",
    caption: (n, blocks) =>
      `Auf der gestrichelten Linie stimmen Versprechen und Ergebnis überein. Balken: 19 von 20 Wiederholungen. ${n} Prognosen in ${blocks} Blöcken.`,
    say: (tenths, share) => `${tenths} von 10 Ergebnissen sollten darunter liegen; es waren ${share}.`,
  },
  pit: {
    panel: "PIT-Histogramm",
    title: "Wo Ergebnisse zwischen den Niveaus lagen",
    description: "Histogramm der Ergebnisse zwischen benachbarten Niveaus, bezogen auf das Versprechen.",
    from: "Von Niveau",
    until: "bis Niveau",
    share: "Ergebnisse",
    expected: "Versprochen",
    density: "Ergebnisse je Versprechen",
    axis: "Niveau",
    caption: (n) =>
      `Bei 1 so viele Ergebnisse wie versprochen. Hohe Ränder: Bänder zu schmal; niedrige: zu breit. ${n} Prognosen.`,
  },
  bands: {
    title: "Abdeckung und Schärfe",
    nominal: "Band",
    promise: (tenths) => `${tenths} von 10 Ergebnissen`,
    coverage: "Abgedeckt",
    width: "Mittlere Breite",
    method: "Intervall nach",
  },
  skill: {
    title: "Vorsprung nach Horizont, Stunde und Anlage",
    description: "Vorsprung gelernter Modelle vor den Analogen auf denselben Perioden.",
    rows: "Zeilen",
    columns: "Spalten",
    dimensions: { series: "Anlage", kind: "Art", lead: "Horizont", hour: "Tageszeit" },
    lead: (hours) => `${hours} h voraus`,
    hour: (hour) => `${hour.padStart(2, "0")}:00`,
    same: "Zeilen und Spalten müssen verschieden sein",
    none: "Kein gelerntes Modell hat in diesem Zeitraum reife Prognosen",
    legend:
      "Anteil des Vergleichsverlusts, der gespart wurde. ▲ besser, ▼ schlechter als Zufall; n: Prognosen. Stunden auf der Uhr des Standorts.",
    cell: (skill, n, blocks) => `${skill}; ${n} Prognosen in ${blocks} Blöcken`,
  },
};
