/** Same-origin way to the services' REST. Reading only: the dashboard changes nothing. */
import { problem } from "@/lib/problem";
import { upstreamOf } from "@/lib/upstream";

export const dynamic = "force-dynamic";

const PASSED_UP = ["accept", "if-none-match", "traceparent"];
const PASSED_DOWN = [
  "content-type",
  "content-disposition",
  "etag",
  "cache-control",
  "link",
  "retry-after",
  "ratelimit",
];
const TIMEOUT_MS = 15_000;

export async function GET(
  request: Request,
  context: { params: Promise<{ path: string[] }> },
): Promise<Response> {
  const { path } = await context.params;
  const url = new URL(request.url);
  const upstream = upstreamOf(path, process.env);
  if (!upstream) return problem(404, "Not Found", `no service answers ${url.pathname}`, url.pathname);
  const headers = pick(request.headers, PASSED_UP);
  try {
    const target = `${upstream.base}/api/${path.map(encodeURIComponent).join("/")}${url.search}`;
    const answer = await fetch(target, {
      headers,
      cache: "no-store",
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return new Response(answer.body, { status: answer.status, headers: pick(answer.headers, PASSED_DOWN) });
  } catch (error) {
    const late = error instanceof DOMException && error.name === "TimeoutError";
    const what = late ? `did not answer within ${TIMEOUT_MS / 1000} s` : "cannot be reached";
    return problem(
      late ? 504 : 502,
      late ? "Gateway Timeout" : "Bad Gateway",
      `${upstream.service} ${what}. "gridseal status" shows which part is down and where its log is.`,
      url.pathname,
    );
  }
}

function pick(from: Headers, names: readonly string[]): Headers {
  const out = new Headers();
  for (const name of names) {
    const value = from.get(name);
    if (value) out.set(name, value);
  }
  return out;
}
