"use client";
import { createContext, type ReactNode, useContext, useMemo, useState } from "react";
import { keepCookie } from "@/lib/cookie";
import { speak } from "@/lib/locale";
import { LANGUAGE_COOKIE, type Language, type Pair } from "./language";

interface Spoken {
  language: Language;
  choose: (language: Language) => void;
}

const Context = createContext<Spoken>({ language: "en", choose: () => undefined });

/** The language of the page. The server has rendered in it already, so nothing changes while it loads. */
export function LanguageProvider({ initial, children }: { initial: Language; children: ReactNode }) {
  const [language, setLanguage] = useState(initial);
  speak(language);
  const spoken = useMemo(() => {
    const choose = (next: Language) => {
      keepCookie(LANGUAGE_COOKIE, next);
      document.documentElement.lang = next;
      setLanguage(next);
    };
    return { language, choose };
  }, [language]);
  return <Context value={spoken}>{children}</Context>;
}

export function useLanguage(): Spoken {
  return useContext(Context);
}

/** The words of one feature in the language of the page: `const words = useWords(alertWords)`. */
export function useWords<T>(pair: Pair<T>): T {
  return pair[useContext(Context).language];
}
