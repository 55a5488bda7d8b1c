/** Signing in with the key of a machine. */
import * as z from "zod/mini";
import { isOwnPage } from "@/lib/pass";
import { problem } from "@/lib/problem";
import { upstreamOf } from "@/lib/upstream";
import { keep, withLines } from "@/sign-in/login";

export const dynamic = "force-dynamic";

const HERE = "/auth/key";
const LARGEST = 4_096;
const Asked = z.strictObject({ key: z.string().check(z.regex(/^[!-~]{8,512}$/)) });

export async function POST(request: Request): Promise<Response> {
  if (!isOwnPage(request))
    return problem(403, "Forbidden", "keys are taken from pages of this dashboard only", HERE);
  const text = await request.text();
  const asked = Asked.safeParse(text.length > LARGEST ? null : parsed(text));
  if (!asked.success) return problem(422, "Unprocessable Content", "that is no API key", HERE);
  const { key } = asked.data;
  const status = await statusWith(key);
  if (status === 401) return problem(401, "Unauthorized", "no service knows this key", HERE);
  if (status >= 500) return problem(502, "Bad Gateway", "asset-service cannot be asked about this key", HERE);
  return withLines(new Response(null, { status: 204 }), keep({ kind: "machine", access: key }, request));
}

/** What a service says to whoever shows this key. */
async function statusWith(key: string): Promise<number> {
  const upstream = upstreamOf(["v1", "sites"], process.env);
  try {
    const answer = await fetch(`${upstream?.base}/api/v1/sites?limit=1`, {
      headers: { Authorization: `Bearer ${key}` },
      cache: "no-store",
      redirect: "manual",
      signal: AbortSignal.timeout(10_000),
    });
    await answer.body?.cancel();
    return answer.status;
  } catch {
    return 502;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
