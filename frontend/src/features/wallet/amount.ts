/** Amounts of a token, exact: whole numbers of its smallest part inside, decimal text for people. Pure. */

/** Reads "100", "0.5" or "0,5". Nothing for what is no positive amount or has more decimals than the token. */
export function parseAmount(text: string, decimals: number): bigint | null {
  const found = /^(\d{1,30})(?:[.,](\d+))?$/.exec(text.trim());
  if (!found) return null;
  const [, whole = "0", part = ""] = found;
  if (part.length > decimals) return null;
  const units = BigInt(whole) * 10n ** BigInt(decimals) + BigInt(part.padEnd(decimals, "0") || "0");
  return units > 0n ? units : null;
}

/** With thousands apart and at most `places` decimals, cut off and never rounded up: nobody has more than there is. */
export function formatAmount(units: bigint, decimals: number, language: string, places = 4): string {
  const scale = 10n ** BigInt(decimals);
  const size = units < 0n ? -units : units;
  const kept = (size % scale).toString().padStart(decimals, "0").slice(0, places).replace(/0+$/, "");
  const point = language === "de" ? "," : ".";
  const group = language === "de" ? "." : ",";
  const whole = (size / scale).toString().replace(/\B(?=(\d{3})+$)/g, group);
  const tiny = size > 0n && size / scale === 0n && kept === "";
  if (tiny) return `< 0${point}${"0".repeat(Math.max(0, places - 1))}1`;
  return `${units < 0n ? "\u2212" : ""}${whole}${kept ? point + kept : ""}`;
}

/** `0x1234…abcd`: enough to compare by eye; the whole stands in a title and in the wallet. */
export function shortHex(text: string): string {
  return text.length > 14 ? `${text.slice(0, 6)}…${text.slice(-4)}` : text;
}
