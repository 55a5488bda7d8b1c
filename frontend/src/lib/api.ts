/** REST of the services, through our own origin. Every failure is a sentence that says what to do. */
import type { z } from "zod";
import { List, sift } from "./wire";

export class ApiProblem extends Error {
  readonly status: number;
  readonly traceId: string | null;

  constructor(message: string, status: number, traceId: string | null = null) {
    super(message);
    this.name = "ApiProblem";
    this.status = status;
    this.traceId = traceId;
  }
}

export async function getJson<T>(path: string, schema: z.ZodType<T>, signal?: AbortSignal): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(path, { signal: signal ?? null, headers: { Accept: "application/json" } });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiProblem("The dashboard's own server does not answer. Is the stack still up?", 0);
  }
  const body: unknown = await answer.json().catch(() => null);
  if (!answer.ok) throw problemOf(answer.status, body);
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const field = parsed.error.issues[0]?.path.join(".") || "the answer";
  throw new ApiProblem(`${path} sent something this page does not understand (${field}).`, answer.status);
}

/** Every item of a list, page by page; items that do not fit are counted. */
export async function getAll<T>(
  path: string,
  item: z.ZodType<T>,
  signal?: AbortSignal,
): Promise<{ kept: T[]; refused: number }> {
  const out: { kept: T[]; refused: number } = { kept: [], refused: 0 };
  let cursor: string | null = null;
  for (let page = 0; page < 50; page += 1) {
    const mark: string = path.includes("?") ? "&" : "?";
    const address: string = cursor ? `${path}${mark}cursor=${encodeURIComponent(cursor)}` : path;
    const list: z.infer<typeof List> = await getJson(address, List, signal);
    const { kept, refused } = sift(item, list.items);
    out.kept.push(...kept);
    out.refused += refused;
    cursor = list.next_cursor;
    if (!cursor) break;
  }
  return out;
}

function problemOf(status: number, body: unknown): ApiProblem {
  const fields = typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  const detail = typeof fields.detail === "string" ? fields.detail : `answered with status ${status}`;
  const trace = typeof fields.trace_id === "string" ? fields.trace_id : null;
  return new ApiProblem(detail, status, trace);
}
