/** Every key binding there is, in one list: what is pressed is looked up here, and the help is drawn from it. */

export type KeyGroup = "everywhere" | "goTo" | "here";

export interface Binding {
  /** One key (`?`), a chord (`g`, `l`) or a key with the system's command key (`mod+k`). */
  keys: readonly string[];
  group: KeyGroup;
  name: string;
  run: () => void;
}

export interface Pressed {
  key: string;
  mod: boolean;
  alt: boolean;
  typing: boolean;
}

/** A second key within this time belongs to the first. */
export const CHORD_MS = 1_500;

export interface Chord {
  first: string;
  atMs: number;
}

export interface Lookup {
  binding: Binding | null;
  /** A chord that has begun. */
  open: Chord | null;
}

/** What a pressed key means; later bindings win, so a page may take a key that the shell has too. */
export function lookUp(
  bindings: readonly Binding[],
  pressed: Pressed,
  open: Chord | null,
  nowMs: number,
): Lookup {
  const key = pressed.mod ? `mod+${pressed.key.toLowerCase()}` : pressed.key;
  if (pressed.alt || (pressed.typing && !pressed.mod)) return { binding: null, open: null };
  if (open && nowMs - open.atMs <= CHORD_MS) {
    const chord = bindings.findLast(
      ({ keys }) => keys.length === 2 && keys[0] === open.first && keys[1] === key,
    );
    if (chord) return { binding: chord, open: null };
  }
  const single = bindings.findLast(({ keys }) => keys.length === 1 && keys[0] === key);
  if (single) return { binding: single, open: null };
  const begins = bindings.some(({ keys }) => keys.length === 2 && keys[0] === key);
  return { binding: null, open: begins ? { first: key, atMs: nowMs } : null };
}

export class KeyRing {
  #layers = new Map<symbol, readonly Binding[]>();
  #all: readonly Binding[] = [];
  #listeners = new Set<() => void>();

  /** Adds bindings; returns what takes them away. */
  add(bindings: readonly Binding[]): () => void {
    const layer = Symbol("layer");
    this.#layers.set(layer, bindings);
    this.#changed();
    return () => {
      this.#layers.delete(layer);
      this.#changed();
    };
  }

  all = (): readonly Binding[] => this.#all;

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  #changed(): void {
    this.#all = [...this.#layers.values()].flat();
    for (const listener of this.#listeners) listener();
  }
}
