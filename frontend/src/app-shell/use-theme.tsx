"use client";
import { createContext, type ReactNode, useContext, useMemo, useState } from "react";
import { keepCookie } from "@/lib/cookie";
import { applyTheme, THEME_COOKIE, THEMES, type Theme } from "@/lib/theme";

const Context = createContext<{ theme: Theme; next: () => void }>({ theme: "auto", next: () => undefined });

/** Light, dark or as the system; kept in a cookie, so the server draws the page right at once. */
export function ThemeProvider({ initial, children }: { initial: Theme; children: ReactNode }) {
  const [theme, setTheme] = useState(initial);
  const value = useMemo(() => {
    const next = () => {
      const chosen = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "auto";
      keepCookie(THEME_COOKIE, chosen);
      applyTheme(chosen);
      setTheme(chosen);
    };
    return { theme, next };
  }, [theme]);
  return <Context value={value}>{children}</Context>;
}

export function useThemeChoice() {
  return useContext(Context);
}
