import type { Metadata, Viewport } from "next";
import localFont from "next/font/local";
import { cookies, headers } from "next/headers";
import type { ReactNode } from "react";
import { ThemeProvider } from "@/app-shell/use-theme";
import { THEME_COOKIE, themeOf } from "@/lib/theme";
import { LANGUAGE_COOKIE, languageOf } from "@/words/language";
import { LanguageProvider } from "@/words/use-words";
import "./globals.css";

const inter = localFont({
  src: "../../node_modules/@fontsource-variable/inter/files/inter-latin-wght-normal.woff2",
  weight: "100 900",
  display: "swap",
  variable: "--font-inter",
});

export const metadata: Metadata = {
  title: "Gridseal — control room",
  description: "Live quantile forecasts of power, each sealed on a chain before its outcome is known.",
};

export const viewport: Viewport = { width: "device-width", initialScale: 1, colorScheme: "light dark" };

/** Rendered per request: language and colors are the reader's, and the content security policy has a nonce. */
export default async function Layout({ children }: { children: ReactNode }) {
  const [kept, asked] = await Promise.all([cookies(), headers()]);
  const language = languageOf(kept.get(LANGUAGE_COOKIE)?.value, asked.get("accept-language"));
  const theme = themeOf(kept.get(THEME_COOKIE)?.value);
  return (
    <html className={inter.variable} data-theme={theme === "auto" ? undefined : theme} lang={language}>
      <body>
        <LanguageProvider initial={language}>
          <ThemeProvider initial={theme}>{children}</ThemeProvider>
        </LanguageProvider>
      </body>
    </html>
  );
}
