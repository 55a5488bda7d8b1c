"use client";
import { useCallback, useEffect, useState } from "react";
import * as z from "zod/mini";
import { ApiProblem, getJson, sendJson } from "@/lib/api";
import { hexFrom } from "./node";
import { signInText, textAsHex } from "./siwe";
import type { Connected } from "./use-wallet";

const PATH = "/api/v1/session";
const Nonce = z.object({ nonce: z.string(), expires_in_s: z.number(), chain_id: z.int() });
const Who = z.object({
  address: z.string(),
  chain_id: z.int(),
  roles: z.array(z.string()),
  expires_at: z.iso.datetime({ offset: true }),
});
export type Who = z.infer<typeof Who>;

export interface Session {
  who: Who | null;
  signIn: (connected: Connected, statement: string) => Promise<void>;
  signOut: () => Promise<void>;
}

/** Sign-In with Ethereum by settlement-service; what it opens is a cookie that scripts cannot read. */
export function useSession(): Session {
  const [who, setWho] = useState<Who | null>(null);
  useEffect(() => {
    const abort = new AbortController();
    getJson(PATH, Who, abort.signal)
      .then(setWho)
      .catch((error) => {
        // 401 says that nobody is signed in; while the service is away nobody can be.
        if (!(error instanceof ApiProblem) && !abort.signal.aborted) throw error;
      });
    return () => abort.abort();
  }, []);

  const signIn = useCallback(async ({ wallet, account }: Connected, statement: string) => {
    const told = await sendJson("POST", `${PATH}/nonce`, {}, Nonce);
    const message = signInText({
      domain: location.host,
      address: account,
      statement,
      uri: location.origin + location.pathname,
      chainId: told.chain_id,
      nonce: told.nonce,
      issuedAt: new Date(),
      expiresInS: Math.min(told.expires_in_s, 300),
    });
    const signature = await hexFrom(wallet.provider, "personal_sign", [textAsHex(message), account]);
    setWho(await sendJson("POST", PATH, { message, signature }, Who));
  }, []);

  const signOut = useCallback(async () => {
    await sendJson("DELETE", PATH, {}, z.null());
    setWho(null);
  }, []);
  return { who, signIn, signOut };
}
