/** Who is signed in. Asking renews what ends soon, so that a control room stays open. */
import { problem } from "@/lib/problem";
import { publicConfig, upstreamOf } from "@/lib/upstream";
import { cookieHeld, forget, loginOf, WALLET, withLines } from "@/sign-in/login";

export const dynamic = "force-dynamic";

const NO_STORE = { headers: { "Cache-Control": "no-store" } };

interface Told {
  kind: "local" | "person" | "machine" | "wallet";
  name: string;
  roles: readonly string[];
  expires_at: string | null;
}

const say = (told: Told) => Response.json(told, NO_STORE);

export async function GET(request: Request): Promise<Response> {
  if (publicConfig(process.env).development)
    return say({ kind: "local", name: "local", roles: [], expires_at: null });
  const found = await loginOf(request);
  if (found) {
    const { login, lines } = found;
    const told: Told =
      login.kind === "machine"
        ? { kind: "machine", name: "API key", roles: [], expires_at: null }
        : {
            kind: "person",
            name: login.name,
            roles: login.roles,
            expires_at: new Date(login.expiresAtMs).toISOString(),
          };
    return withLines(say(told), lines);
  }
  if (cookieHeld(request, WALLET)) return byWallet(request);
  const nobody = problem(401, "Unauthorized", "nobody is signed in", "/auth/session");
  return withLines(nobody, forget(request));
}

/** settlement-service renews its cookie, with the roles that the chain says now. */
async function byWallet(request: Request): Promise<Response> {
  const upstream = upstreamOf(["v1", "session"], process.env);
  try {
    const answer = await fetch(`${upstream?.base}/api/v1/session`, {
      headers: { cookie: `${WALLET}=${cookieHeld(request, WALLET)}` },
      cache: "no-store",
      redirect: "manual",
      signal: AbortSignal.timeout(10_000),
    });
    if (!answer.ok)
      return problem(
        answer.status === 401 ? 401 : 502,
        "Unauthorized",
        "the session has ended",
        "/auth/session",
      );
    const { address, roles, expires_at } = (await answer.json()) as {
      address: string;
      roles: string[];
      expires_at: string;
    };
    return withLines(
      say({ kind: "wallet", name: address, roles, expires_at }),
      answer.headers.getSetCookie(),
    );
  } catch {
    return problem(
      502,
      "Bad Gateway",
      "settlement-service cannot be asked who is signed in",
      "/auth/session",
    );
  }
}
