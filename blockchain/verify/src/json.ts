// JSON with exact whole numbers. JSON.parse rounds beyond 2^53, and a value on the chain has 64 bits; it also
// lets the last of two equal keys win, so that two readers could see two forecasts in one file.

export type Json = string | bigint | boolean | null | Json[] | { [key: string]: Json };

const DEEPEST = 16;
const LARGEST = 4 * 1024 * 1024;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SPACE = /[ \t\n\r]*/y;

export class JsonError extends Error {}

/** Parses text in which every number is whole and no key stands twice. */
export function parseJson(text: string): Json {
  if (text.length > LARGEST) throw new JsonError("the file is larger than 4 MiB");
  let at = 0;

  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };
  const skip = () => take(SPACE);
  const expect = (mark: string) => {
    skip();
    if (text[at] !== mark) throw new JsonError(`expected ${mark} at character ${at + 1}`);
    at += 1;
  };
  const next = (mark: string): boolean => {
    skip();
    if (text[at] !== mark) return false;
    at += 1;
    return true;
  };

  function readString(): string {
    const raw = take(STRING);
    if (raw === undefined) throw new JsonError(`expected a text at character ${at + 1}`);
    return JSON.parse(raw) as string;
  }

  function readObject(depth: number): Json {
    const fields: { [key: string]: Json } = Object.create(null);
    if (next("}")) return fields;
    do {
      skip();
      const key = readString();
      if (key in fields) throw new JsonError(`the key ${key} stands twice`);
      expect(":");
      fields[key] = readValue(depth);
    } while (next(","));
    expect("}");
    return fields;
  }

  function readList(depth: number): Json {
    const items: Json[] = [];
    if (next("]")) return items;
    do items.push(readValue(depth));
    while (next(","));
    expect("]");
    return items;
  }

  function readValue(depth: number): Json {
    if (depth > DEEPEST) throw new JsonError("nested too deeply");
    skip();
    const mark = text[at];
    if (next("{")) return readObject(depth + 1);
    if (next("[")) return readList(depth + 1);
    if (mark === '"') return readString();
    for (const [word, value] of [["true", true], ["false", false], ["null", null]] as const) {
      if (text.startsWith(word, at)) {
        at += word.length;
        return value;
      }
    }
    const number = take(NUMBER);
    if (number === undefined) throw new JsonError(`nothing readable at character ${at + 1}`);
    if (!/^-?\d+$/.test(number)) throw new JsonError(`${number} is not a whole number`);
    return BigInt(number);
  }

  const value = readValue(0);
  skip();
  if (at !== text.length) throw new JsonError(`something follows at character ${at + 1}`);
  return value;
}
