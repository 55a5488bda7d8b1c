/** What the palette offers and in which order: pure, so that finding is tested without a browser. */

export interface PaletteEntry {
  id: string;
  group: "pages" | "sites" | "actions";
  name: string;
  /** Further words it is found by. */
  also: string;
  keys?: readonly string[];
  run: () => void;
}

/** Entries that hold every word typed; those whose name begins with what was typed come first. */
export function findEntries(entries: readonly PaletteEntry[], typed: string, limit = 40): PaletteEntry[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const found = entries.filter((entry) => {
    const text = `${entry.name} ${entry.also}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const first = words[0];
  if (!first) return found.slice(0, limit);
  const rank = (entry: PaletteEntry) => (entry.name.toLowerCase().startsWith(first) ? 0 : 1);
  return [...found].sort((a, b) => rank(a) - rank(b)).slice(0, limit);
}
