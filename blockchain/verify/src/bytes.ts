// Bytes and their text form. Hex is lower case with 0x, as in every Gridseal file.

export type Bytes = Uint8Array;

const HEX = /^0x(?:[0-9a-f]{2})*$/;

/** Bytes of a hex text; refuses upper case, odd length and anything without 0x. */
export function fromHex(text: string): Bytes {
  if (!HEX.test(text)) throw new RangeError("not lower-case hex");
  const bytes = new Uint8Array((text.length - 2) / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(text.slice(2 + 2 * i, 4 + 2 * i), 16);
  return bytes;
}

export function toHex(bytes: Bytes): string {
  let text = "0x";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

export function concat(...parts: readonly Bytes[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Below zero, zero or above zero, as in a sort by unsigned bytes. */
export function compare(a: Bytes, b: Bytes): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const difference = a[i]! - b[i]!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

export const same = (a: Bytes, b: Bytes): boolean => compare(a, b) === 0;

export const utf8 = (text: string): Bytes => new TextEncoder().encode(text);
