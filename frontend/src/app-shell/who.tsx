"use client";
import { useCallback, useEffect, useState } from "react";
import * as z from "zod/mini";
import { ApiProblem, getJson, sendJson } from "@/lib/api";
import { usePolled } from "@/lib/use-polled";
import { Button } from "@/ui/button";
import { signInWords } from "@/words/sign-in";
import { useWords } from "@/words/use-words";

const Session = z.object({
  kind: z.enum(["local", "person", "machine", "wallet"]),
  name: z.string(),
  roles: z.array(z.string()),
  expires_at: z.nullable(z.string()),
});
/** A session of a wallet counts for a quarter of an hour unless it is asked for; tokens are renewed before they end. */
const LONGEST_MS = 600_000;
const BEFORE_END_MS = 45_000;

const load = (signal: AbortSignal) => getJson("/auth/session", Session, signal);

/** Who is signed in, kept so while the page is open; where that has ended, the way back. Only where there is a login. */
export function Who({ onEnded }: { onEnded: (ended: boolean) => void }) {
  const words = useWords(signInWords);
  const [everyMs, setEveryMs] = useState(LONGEST_MS);
  const { data, problem } = usePolled(load, everyMs);
  const ended = problem instanceof ApiProblem && problem.status === 401;
  useEffect(() => onEnded(ended), [ended, onEnded]);
  const endsMs = data?.expires_at ? Date.parse(data.expires_at) : null;
  useEffect(() => {
    const left = endsMs === null ? LONGEST_MS : endsMs - Date.now() - BEFORE_END_MS;
    setEveryMs(Math.min(LONGEST_MS, Math.max(15_000, left)));
  }, [endsMs]);
  const signOut = useCallback(async () => {
    await sendJson("POST", "/auth/out", {}, z.null());
    location.assign("/sign-in");
  }, []);
  if (!data || ended) return null;
  const name = data.name.length > 20 ? `${data.name.slice(0, 6)}…${data.name.slice(-4)}` : data.name;
  return (
    <span className="flex items-center gap-2 text-2xs text-muted" data-testid="who">
      <span title={`${data.name} · ${words.who[data.kind]}`}>
        {name}
        {data.roles.length > 0 ? ` · ${data.roles.join(", ")}` : ""}
      </span>
      <Button data-testid="sign-out" look="quiet" onClick={signOut} small>
        {words.out}
      </Button>
    </span>
  );
}

/** Over the page: it stays readable, and says that it has stopped. */
export function SignedOut() {
  const words = useWords(signInWords).signedOut;
  return (
    <div
      className="flex flex-wrap items-center gap-x-3 bg-warn-soft px-3 py-1.5 text-sm text-warn"
      data-testid="signed-out"
      role="alert"
    >
      <strong className="font-semibold">{words.title}.</strong>
      <span className="text-xs">{words.text}</span>
      <Button
        data-testid="sign-in-again"
        look="main"
        onClick={() =>
          location.assign(`/sign-in?back=${encodeURIComponent(location.pathname + location.search)}`)
        }
        small
      >
        {words.link}
      </Button>
    </div>
  );
}
