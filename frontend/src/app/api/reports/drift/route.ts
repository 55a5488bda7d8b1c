/** The drift report of forecast-service, to be framed by our own page and nothing else; scripts do not run in it. */
import { problem } from "@/lib/problem";
import { upstreamOf } from "@/lib/upstream";
import { cookieHeld, loginOf, WALLET } from "@/sign-in/login";

export const dynamic = "force-dynamic";

const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; base-uri 'none'; form-action 'none'; sandbox";

export async function GET(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const upstream = upstreamOf(["v1", "drift"], process.env);
  if (!upstream) return problem(404, "Not Found", "no service has a drift report", pathname);
  const found = await loginOf(request);
  const wallet = cookieHeld(request, WALLET);
  const headers = new Headers(wallet ? { cookie: `${WALLET}=${wallet}` } : {});
  if (found) headers.set("authorization", `Bearer ${found.login.access}`);
  try {
    const answer = await fetch(`${upstream.base}/reports/latest_drift.html`, {
      headers,
      cache: "no-store",
      signal: AbortSignal.timeout(15_000),
    });
    if (!answer.ok) return problem(answer.status, "Not Found", "there is no drift report yet", pathname);
    return new Response(answer.body, {
      headers: {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": POLICY,
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
      },
    });
  } catch {
    return problem(502, "Bad Gateway", `${upstream.service} cannot be reached`, pathname);
  }
}
