/** Time for people: periods with their zone, ages in words, and the domain clock. */
import type { ClockAnchor } from "./live-state";
import { spokenLanguage } from "./locale";

export function domainNowMs(clock: ClockAnchor, wallMs: number): number {
  return clock.domainMs + (wallMs - clock.wallMs) * clock.scale;
}

const dayLocale = () => (spokenLanguage() === "de" ? "de-DE" : "en-GB");
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(
  zone: string,
  options: Intl.DateTimeFormatOptions,
  locale = dayLocale(),
): Intl.DateTimeFormat {
  const key = locale + zone + JSON.stringify(options);
  let found = formatters.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(locale, { timeZone: zone, hourCycle: "h23", ...options });
    formatters.set(key, found);
  }
  return found;
}

export function clockTime(ms: number, zone: string): string {
  return formatter(zone, { hour: "2-digit", minute: "2-digit" }).format(ms);
}

export function clockTimeSeconds(ms: number, zone: string): string {
  return formatter(zone, { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(ms);
}

export function dayAndTime(ms: number, zone: string): string {
  return `${shortDay(ms, zone)}, ${clockTime(ms, zone)}`;
}

export function shortDay(ms: number, zone: string): string {
  return formatter(zone, { weekday: "short", day: "numeric", month: "short" }).format(ms);
}

export function longDay(ms: number, zone: string): string {
  return formatter(zone, { weekday: "short", day: "numeric", month: "short", year: "numeric" }).format(ms);
}

/** `CEST`, `PDT`, `GMT+2` or whatever the browser calls the zone at that moment. */
export function zoneName(ms: number, zone: string): string {
  if (zone === "UTC") return "UTC";
  // Browsers know abbreviations by language: PDT only in American English, CEST only in British.
  const locale = zone.startsWith("America/") ? "en-US" : dayLocale();
  const parts = formatter(zone, { timeZoneName: "short" }, locale).formatToParts(ms);
  return parts.find((part) => part.type === "timeZoneName")?.value ?? zone;
}

/** A value speaks for a period, so a period is what is named: `Mon 1 Jun, 14:15–14:30 GMT+2`. */
export function period(startMs: number, lengthS: number, zone: string): string {
  const endMs = startMs + lengthS * 1000;
  return `${shortDay(startMs, zone)}, ${clockTime(startMs, zone)}–${clockTime(endMs, zone)} ${zoneName(startMs, zone)}`;
}

/** `45 s`, `12 min`, `3 h 20 min`, `2 d 4 h`; in German `2 T 4 h`. */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  const minutes = Math.floor(s / 60);
  if (minutes < 60) return s % 60 && minutes < 10 ? `${minutes} min ${s % 60} s` : `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  const days = `${Math.floor(hours / 24)} ${spokenLanguage() === "de" ? "T" : "d"}`;
  return hours % 24 ? `${days} ${hours % 24} h` : days;
}

/** Whether the zone is one that this browser knows; catalogs are written by hand. */
export function knownZone(zone: string | undefined): string {
  if (!zone) return "UTC";
  try {
    formatter(zone, { hour: "2-digit" });
    return zone;
  } catch {
    return "UTC";
  }
}
