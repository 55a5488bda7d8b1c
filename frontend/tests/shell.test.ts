/** The shell without a browser: pages, keys, languages, what the palette finds, files that are taken along. */
import { existsSync, readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Binding, CHORD_MS, KeyRing, lookUp } from "@/app-shell/key-ring";
import { PAGE_KEYS, PAGES, pageAt } from "@/app-shell/pages";
import { findEntries, type PaletteEntry } from "@/app-shell/palette-entries";
import { speak } from "@/lib/locale";
import { themeOf } from "@/lib/theme";
import { duration, shortDay } from "@/lib/time";
import { formatNumber } from "@/lib/units";
import { type Column, sortedBy, toCsv, toJson } from "@/ui/column";
import { languageOf } from "@/words/language";

const SOURCE = new URL("../src/", import.meta.url);

describe("pages", () => {
  test.each(PAGES.map((page) => [page.href, page] as const))(
    "%s is ready if its route exists",
    (href, page) => {
      const folder = href === "/" ? "" : `${href.slice(1)}/`;
      expect(page.ready).toBe(existsSync(new URL(`app/(pages)/${folder}page.tsx`, SOURCE)));
    },
  );

  test("each has a letter of its own", () => {
    expect(new Set(PAGES.map((page) => page.chord)).size).toBe(PAGE_KEYS.length);
  });

  test("an address belongs to its page, also below it", () => {
    expect(pageAt("/models/lstm")?.key).toBe("models");
    expect(pageAt("/")?.key).toBe("live");
    expect(pageAt("/modelsx")).toBeUndefined();
  });
});

describe("words", () => {
  test("every file of words is there in both languages", () => {
    const files = (language: string) => readdirSync(new URL(`words/${language}/`, SOURCE)).sort();
    expect(files("de")).toEqual(files("en"));
  });

  test("every file says the same words in both languages", async () => {
    for (const file of readdirSync(new URL("words/en/", SOURCE))) {
      const wordsIn = async (language: string): Promise<object> => {
        const module = await import(`../src/words/${language}/${file.replace(".ts", "")}.ts`);
        return module[language] ?? Object.values(module)[0];
      };
      const [english, german] = [await wordsIn("en"), await wordsIn("de")];
      expect(shape(german), file).toEqual(shape(english));
    }
  });

  test("the choice wins, then the browser's order, then English", () => {
    expect(languageOf("en", "de")).toBe("en");
    expect(languageOf(undefined, "fr-FR, de;q=0.8, en;q=0.7")).toBe("de");
    expect(languageOf("xx", "fr, de;q=0")).toBe("en");
  });

  test("numbers, days and ages follow the language", () => {
    speak("de");
    expect(formatNumber(-1.25, 2)).toBe("−1,25");
    expect(duration(180_000)).toBe("2 T 2 h");
    expect(shortDay(Date.parse("2026-06-02T12:00:00Z"), "UTC")).toMatch(/^Di/);
    speak("en");
    expect(formatNumber(-1.25, 2)).toBe("−1.25");
  });
});

/** Names of all words, also of those in groups. */
function shape(words: object): unknown {
  return Object.entries(words)
    .map(([key, value]) => (typeof value === "object" && value !== null ? [key, shape(value)] : key))
    .sort((a, b) => String(a).localeCompare(String(b)));
}

describe("keys", () => {
  const key = (keys: string[]): Binding => ({
    keys,
    group: "here",
    name: keys.join(" "),
    run: () => undefined,
  });
  const pressed = (text: string, more = {}) => ({
    key: text,
    mod: false,
    alt: false,
    typing: false,
    ...more,
  });
  const all = [key(["g", "l"]), key(["?"]), key(["mod+k"]), key(["l"])];

  test("a chord is two keys within its time", () => {
    const { open, binding } = lookUp(all, pressed("g"), null, 1_000);
    expect(binding).toBeNull();
    expect(lookUp(all, pressed("l"), open, 1_000 + CHORD_MS).binding).toBe(all[0]);
    expect(lookUp(all, pressed("l"), open, 1_001 + CHORD_MS).binding).toBe(all[3]);
  });

  test("while typing only keys with the command key count", () => {
    expect(lookUp(all, pressed("?", { typing: true }), null, 0).binding).toBeNull();
    expect(lookUp(all, pressed("K", { typing: true, mod: true }), null, 0).binding).toBe(all[2]);
    expect(lookUp(all, pressed("?", { alt: true }), null, 0).binding).toBeNull();
  });

  test("what a page binds wins over the shell, and goes with the page", () => {
    const ring = new KeyRing();
    ring.add(all);
    const own = key(["?"]);
    const leave = ring.add([own]);
    expect(lookUp(ring.all(), pressed("?"), null, 0).binding).toBe(own);
    leave();
    expect(lookUp(ring.all(), pressed("?"), null, 0).binding).toBe(all[1]);
  });
});

test("the palette finds by every word, names that begin with it first", () => {
  const entry = (name: string, also = ""): PaletteEntry => ({
    id: name,
    group: "sites",
    name,
    also,
    run: () => undefined,
  });
  const entries = [entry("La Haute Borne", "wind fr"), entry("Wind park"), entry("Home 1", "us-ca")];
  expect(findEntries(entries, "wind").map((one) => one.name)).toEqual(["Wind park", "La Haute Borne"]);
  expect(findEntries(entries, "home ca").map((one) => one.name)).toEqual(["Home 1"]);
  expect(findEntries(entries, "zzz")).toEqual([]);
});

test("the choice of colors is one of three", () => {
  expect([themeOf("dark"), themeOf("light"), themeOf("pink"), themeOf(undefined)]).toEqual([
    "dark",
    "light",
    "auto",
    "auto",
  ]);
});

describe("files", () => {
  interface Row {
    name: string;
    power: number | null;
  }
  const columns: Column<Row>[] = [
    { key: "name", name: "Name", value: (row) => row.name },
    { key: "power_w", name: "Power", unit: "W", numeric: true, value: (row) => row.power },
  ];
  const rows: Row[] = [
    { name: 'a "b", c', power: 2 },
    { name: "=SUM(A1)", power: null },
    { name: "x", power: -10 },
  ];

  test("CSV quotes what needs it and runs nothing", () => {
    expect(toCsv(columns, rows)).toBe('name,power_w\r\n"a ""b"", c",2\r\n\'=SUM(A1),\r\nx,-10\r\n');
  });

  test("JSON keeps numbers and what is missing", () => {
    expect(JSON.parse(toJson(columns, rows))[1]).toEqual({ name: "=SUM(A1)", power_w: null });
  });

  test("what has no value stays last in either direction", () => {
    const power = columns[1] as Column<Row>;
    expect(sortedBy(rows, power, false).map((row) => row.power)).toEqual([-10, 2, null]);
    expect(sortedBy(rows, power, true).map((row) => row.power)).toEqual([2, -10, null]);
  });
});
