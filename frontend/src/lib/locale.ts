/**
 * The language in which numbers, days and ages are written. One per browser tab, so it is held here and not
 * handed through every formatter. On the server it is only read while nothing with a number is rendered:
 * all values come from the services, in the browser.
 */
import type { Language } from "@/words/language";

let spoken: Language = "en";

export function speak(language: Language): void {
  spoken = language;
}

export function spokenLanguage(): Language {
  return spoken;
}
