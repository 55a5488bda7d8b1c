/** Light or dark: what the reader chose, or what the system says. The server writes it into `<html>`. */

export const THEMES = ["auto", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];
export const THEME_COOKIE = "gridseal-theme";
const CHANGED = "gridseal-theme-changed";

export function themeOf(cookie: string | undefined): Theme {
  return THEMES.find((theme) => theme === cookie) ?? "auto";
}

/** Sets the attribute that `globals.css` reads, and tells charts, which paint with colors of their own. */
export function applyTheme(theme: Theme): void {
  const { dataset } = document.documentElement;
  if (theme === "auto") delete dataset.theme;
  else dataset.theme = theme;
  window.dispatchEvent(new Event(CHANGED));
}

/** Calls back whenever colors may have changed; returns what ends it. */
export function onColorsChanged(callback: () => void): () => void {
  const scheme = window.matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", callback);
  window.addEventListener(CHANGED, callback);
  return () => {
    scheme.removeEventListener("change", callback);
    window.removeEventListener(CHANGED, callback);
  };
}
