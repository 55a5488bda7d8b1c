/** Hands a request on to the service that answers its path, with what that service needs and nothing else. */
import { problem } from "@/lib/problem";
import type { Upstream } from "@/lib/upstream";
import { loginOf } from "@/sign-in/login";

const PASSED_UP = ["accept", "content-type", "idempotency-key", "if-match", "if-none-match", "traceparent"];
const PASSED_DOWN = [
  "cache-control",
  "content-disposition",
  "content-type",
  "etag",
  "gridseal-auth",
  "link",
  "location",
  "ratelimit",
  "ratelimit-policy",
  "retry-after",
];
/** Cookies of sign-in; what else a browser sends along stays here. */
const COOKIES = new Set(["gridseal_session", "gridseal_signin"]);
const TIMEOUT_MS = 15_000;
const LARGEST_BODY = 262_144;

/** A browser on another site may make a person's browser send something, but cannot hide where it comes from. */
export function isOwnPage(request: Request): boolean {
  const origin = request.headers.get("origin");
  if (origin === null) return request.headers.get("sec-fetch-site") === "same-origin";
  return URL.canParse(origin) && new URL(origin).host === request.headers.get("host");
}

export async function passOn(request: Request, upstream: Upstream, path: string): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const changes = request.method !== "GET" && request.method !== "HEAD";
  if (changes && !isOwnPage(request)) {
    return problem(403, "Forbidden", "changes are taken from pages of this dashboard only", pathname);
  }
  const body = changes ? await request.arrayBuffer() : null;
  if (body && body.byteLength > LARGEST_BODY) {
    return problem(413, "Content Too Large", `at most ${LARGEST_BODY} bytes are taken`, pathname);
  }
  const found = await loginOf(request);
  const headers = headersUp(request.headers);
  if (found) headers.set("authorization", `Bearer ${found.login.access}`);
  try {
    const answer = await fetch(`${upstream.base}${path}${search}`, {
      method: request.method,
      headers,
      body: body && body.byteLength > 0 ? body : null,
      cache: "no-store",
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const down = headersDown(answer.headers);
    for (const line of found?.lines ?? []) down.append("set-cookie", line);
    return new Response(answer.body, { status: answer.status, headers: down });
  } catch (error) {
    const late = error instanceof DOMException && error.name === "TimeoutError";
    const what = late ? `did not answer within ${TIMEOUT_MS / 1000} s` : "cannot be reached";
    return problem(
      late ? 504 : 502,
      late ? "Gateway Timeout" : "Bad Gateway",
      `${upstream.service} ${what}. "gridseal status" shows which part is down and where its log is.`,
      pathname,
    );
  }
}

function headersUp(from: Headers): Headers {
  const out = pick(from, PASSED_UP);
  const kept = (from.get("cookie") ?? "")
    .split(/;\s*/)
    .filter((pair) => COOKIES.has(pair.slice(0, pair.indexOf("="))));
  if (kept.length > 0) out.set("cookie", kept.join("; "));
  return out;
}

function headersDown(from: Headers): Headers {
  const out = pick(from, PASSED_DOWN);
  for (const cookie of from.getSetCookie()) out.append("set-cookie", cookie);
  return out;
}

function pick(from: Headers, names: readonly string[]): Headers {
  const out = new Headers();
  for (const name of names) {
    const value = from.get(name);
    if (value) out.set(name, value);
  }
  return out;
}
