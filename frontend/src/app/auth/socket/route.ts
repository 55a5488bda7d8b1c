/** What the page shows as its first message on the socket, which is of another origin and gets no cookie of ours. */
import { isOwnPage } from "@/lib/pass";
import { problem } from "@/lib/problem";
import { cookieHeld, loginOf, WALLET, withLines } from "@/sign-in/login";

export const dynamic = "force-dynamic";

const HERE = "/auth/socket";

export async function POST(request: Request): Promise<Response> {
  if (!isOwnPage(request))
    return problem(403, "Forbidden", "only pages of this dashboard are given a token", HERE);
  const found = await loginOf(request);
  const token = found?.login.access ?? cookieHeld(request, WALLET);
  if (!token) return problem(401, "Unauthorized", "nobody is signed in", HERE);
  return withLines(
    Response.json({ token }, { headers: { "Cache-Control": "no-store" } }),
    found?.lines ?? [],
  );
}
