/** Which languages there are, and which one a request asks for. */

export const LANGUAGES = ["en", "de"] as const;
export type Language = (typeof LANGUAGES)[number];

export const LANGUAGE_COOKIE = "gridseal-language";
export const LANGUAGE_NAMES: Readonly<Record<Language, string>> = { en: "English", de: "Deutsch" };

export interface Pair<T> {
  readonly en: T;
  readonly de: T;
}

export function isLanguage(value: string | undefined): value is Language {
  return LANGUAGES.some((one) => one === value);
}

/** What the reader chose, else the first of the browser's languages that we speak, else English. */
export function languageOf(cookie: string | undefined, acceptLanguage: string | null): Language {
  if (isLanguage(cookie)) return cookie;
  const wanted = (acceptLanguage ?? "")
    .split(",")
    .map((part) => {
      const [tag = "", quality] = part.trim().split(";q=");
      return { language: tag.slice(0, 2).toLowerCase(), weight: quality === undefined ? 1 : Number(quality) };
    })
    .filter((one) => one.weight > 0)
    .sort((a, b) => b.weight - a.weight);
  return wanted.map((one) => one.language).find(isLanguage) ?? "en";
}
