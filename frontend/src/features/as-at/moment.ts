/** The moment that is asked about, as it stands in the address bar and in the picker. */

export interface Asked {
  series: string | null;
  /** Milliseconds; null is now. */
  atMs: number | null;
  /** Start of the period whose revisions are shown. */
  targetMs: number | null;
}

export function askedFrom(params: URLSearchParams): Asked {
  const time = (name: string) => {
    const ms = Date.parse(params.get(name) ?? "");
    return Number.isFinite(ms) ? ms : null;
  };
  return { series: params.get("series"), atMs: time("at"), targetMs: time("target") };
}

export function addressOf({ series, atMs, targetMs }: Asked, kept: URLSearchParams): string {
  const params = new URLSearchParams();
  if (series) params.set("series", series);
  if (atMs !== null) params.set("at", minute(atMs));
  if (targetMs !== null) params.set("target", minute(targetMs));
  const wall = kept.get("wall");
  if (wall) params.set("wall", wall);
  return `?${params.toString().replaceAll("%2F", "/").replaceAll("%3A", ":")}`;
}

/** `2026-06-01T09:00Z`. */
export function minute(ms: number): string {
  return `${pickerValue(ms)}Z`;
}

/** What `<input type="datetime-local">` wants; the page says that it is UTC. */
export function pickerValue(ms: number): string {
  return new Date(Math.floor(ms / 60_000) * 60_000).toISOString().slice(0, 16);
}

export function fromPicker(text: string): number | null {
  const ms = Date.parse(`${text}Z`);
  return Number.isFinite(ms) ? ms : null;
}

/** 09:00 of the moment's day, or of the day before when that has not come yet. */
export function nineOf(atMs: number, nowMs: number): number {
  const day = Math.floor(atMs / 86_400_000) * 86_400_000;
  const nine = day + 9 * 3_600_000;
  return nine <= nowMs ? nine : nine - 86_400_000;
}
