"use client";
import dynamic from "next/dynamic";
import { type FormEvent, useState } from "react";
import * as z from "zod/mini";
import { ApiProblem, sendJson } from "@/lib/api";
import { Button } from "@/ui/button";
import { signInWords } from "@/words/sign-in";
import { useLanguage, useWords } from "@/words/use-words";

const WalletWay = dynamic(() => import("./wallet-way").then((file) => file.WalletWay), { ssr: false });

interface Props {
  /** Where to go afterwards: a path of our own. */
  back: string;
  /** Host of the OpenID provider, where there is one. */
  provider: string | null;
  /** Why the way before led nowhere. */
  why: string | null;
}

/** Who are you: with the provider, with a wallet, or with the key of a machine. */
export function SignIn({ back, provider, why }: Props) {
  const words = useWords(signInWords);
  const { language, choose } = useLanguage();
  const reason = why !== null && why in words.why ? words.why[why as keyof typeof words.why] : null;
  const done = () => location.assign(back);
  return (
    <main className="grid min-h-dvh place-items-center p-4" id="page">
      <div className="card w-full max-w-md space-y-5 p-6 sm:p-8">
        <div className="flex items-start justify-between gap-4">
          <div>
            <p className="font-semibold text-2xs text-muted uppercase tracking-wider">Gridseal</p>
            <h1 className="mt-1 font-semibold text-xl">{words.title}</h1>
          </div>
          <Button
            lang={language === "en" ? "de" : "en"}
            look="quiet"
            onClick={() => choose(language === "en" ? "de" : "en")}
            small
          >
            {language === "en" ? "Deutsch" : "English"}
          </Button>
        </div>
        <p className="text-muted text-sm">{words.text}</p>
        {reason ? (
          <p
            className="rounded-md border border-line border-l-4 border-l-warn px-3 py-2 text-sm"
            role="alert"
          >
            {reason}
          </p>
        ) : null}
        {provider ? (
          <a
            className="block rounded-md bg-accent px-4 py-2.5 text-center font-medium text-sm text-surface hover:opacity-90"
            data-testid="with-provider"
            href={`/auth/start?back=${encodeURIComponent(back)}`}
          >
            {words.provider(provider)}
          </a>
        ) : null}
        <WalletWay onDone={done} />
        <KeyWay onDone={done} />
      </div>
    </main>
  );
}

function KeyWay({ onDone }: { onDone: () => void }) {
  const words = useWords(signInWords).key;
  const [key, setKey] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const send = async (event: FormEvent) => {
    event.preventDefault();
    setProblem(null);
    setBusy(true);
    try {
      await sendJson("POST", "/auth/key", { key: key.trim() }, z.null());
      onDone();
    } catch (error) {
      setProblem(error instanceof ApiProblem ? error.message : String(error));
      setBusy(false);
    }
  };
  return (
    <form className="space-y-2 border-line border-t pt-4" onSubmit={send}>
      <h2 className="font-medium text-sm">{words.title}</h2>
      <label className="block">
        <span className="sr-only">{words.label}</span>
        <input
          autoComplete="off"
          className="w-full rounded-md border border-line bg-raised px-3 py-2 font-mono text-sm"
          data-testid="api-key"
          onChange={(event) => setKey(event.target.value)}
          placeholder={words.label}
          required
          type="password"
          value={key}
        />
      </label>
      <p className="text-2xs text-muted">{words.text}</p>
      {problem ? (
        <p className="text-bad text-xs" role="alert">
          {problem}
        </p>
      ) : null}
      <Button data-testid="with-key" disabled={busy || key.trim() === ""} type="submit">
        {words.button}
      </Button>
    </form>
  );
}
