/** Signing out, of whatever one is signed in with. */
import { isOwnPage } from "@/lib/pass";
import { problem } from "@/lib/problem";
import { upstreamOf } from "@/lib/upstream";
import { cookieHeld, forget, WALLET, withLines } from "@/sign-in/login";

export const dynamic = "force-dynamic";

export async function POST(request: Request): Promise<Response> {
  if (!isOwnPage(request))
    return problem(403, "Forbidden", "signing out is taken from pages of this dashboard only", "/auth/out");
  const lines = forget(request);
  const session = cookieHeld(request, WALLET);
  const upstream = upstreamOf(["v1", "session"], process.env);
  if (session && upstream) {
    try {
      const answer = await fetch(`${upstream.base}/api/v1/session`, {
        method: "DELETE",
        headers: { cookie: `${WALLET}=${session}` },
        signal: AbortSignal.timeout(10_000),
      });
      lines.push(...answer.headers.getSetCookie());
    } catch {
      // What we keep is gone all the same; the session itself ends by its own time.
      lines.push(`${WALLET}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict`);
    }
  }
  return withLines(new Response(null, { status: 204 }), lines);
}
