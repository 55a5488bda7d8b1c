/** The chain's node by JSON-RPC, for reading: pages may ask no other host than ours. */
import { LARGEST_QUESTION, MOST_QUESTIONS, Questions } from "@/lib/chain-questions";
import { isOwnPage } from "@/lib/pass";
import { problem } from "@/lib/problem";
import { publicConfig } from "@/lib/upstream";
import { bringsSomething } from "@/sign-in/login";

export const dynamic = "force-dynamic";

const HERE = "/api/v1/chain";
const TIMEOUT_MS = 10_000;

export async function POST(request: Request): Promise<Response> {
  if (!isOwnPage(request)) {
    return problem(403, "Forbidden", "questions are taken from pages of this dashboard only", HERE);
  }
  if (!publicConfig(process.env).development && !bringsSomething(request)) {
    return problem(401, "Unauthorized", "nobody is signed in", HERE);
  }
  const text = await request.text();
  if (text.length > LARGEST_QUESTION) {
    return problem(413, "Content Too Large", `at most ${LARGEST_QUESTION} bytes are taken`, HERE);
  }
  const asked = Questions.safeParse(parse(text));
  if (!asked.success) {
    const detail = `only reading methods of JSON-RPC 2.0 are taken, at most ${MOST_QUESTIONS} at once`;
    return problem(422, "Unprocessable Content", detail, HERE);
  }
  try {
    const answer = await fetch(publicConfig(process.env).rpc_url, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(asked.data),
      cache: "no-store",
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const headers = { "Content-Type": "application/json", "Cache-Control": "no-store" };
    return new Response(answer.body, { status: answer.status, headers });
  } catch {
    const detail = 'the chain\'s node does not answer. "gridseal status" shows whether it runs.';
    return problem(502, "Bad Gateway", detail, HERE);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
