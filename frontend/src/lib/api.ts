/** REST of the services, through our own origin. Every failure is a sentence that says what to do. */
import * as z from "zod/mini";
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

export async function getJson<T>(path: string, schema: z.core.$ZodType<T>, signal?: AbortSignal): Promise<T> {
  return understood(path, schema, await reach(path, { signal: signal ?? null }));
}

/** What changes something: checked again by the service, answered once per `key` however often it is sent. */
export async function sendJson<T>(
  method: "POST" | "PUT" | "PATCH" | "DELETE",
  path: string,
  body: unknown,
  schema: z.core.$ZodType<T>,
  { key = crypto.randomUUID(), etag }: { key?: string; etag?: string } = {},
): Promise<T> {
  const headers: Record<string, string> = { "Content-Type": "application/json", "Idempotency-Key": key };
  if (etag) headers["If-Match"] = etag;
  return understood(path, schema, await reach(path, { method, body: JSON.stringify(body), headers }));
}

async function reach(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, { ...init, headers: { Accept: "application/json", ...init.headers } });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ApiProblem("The dashboard's own server does not answer. Is the stack still up?", 0);
  }
}

async function understood<T>(path: string, schema: z.core.$ZodType<T>, answer: Response): Promise<T> {
  if (!answer.ok) throw await problemFrom(answer);
  const body: unknown = answer.status === 204 ? null : await answer.json().catch(() => null);
  const parsed = z.safeParse(schema, body);
  if (parsed.success) return parsed.data;
  const field = parsed.error.issues[0]?.path.join(".") || "the answer";
  throw new ApiProblem(`${path} sent something this page does not understand (${field}).`, answer.status);
}

/** Every item of a list, page by page; items that do not fit are counted. */
export async function getAll<T>(
  path: string,
  item: z.core.$ZodType<T>,
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

/** The problem document of a failed answer: its detail, what was wrong in which field, and the trace. */
export async function problemFrom(answer: Response): Promise<ApiProblem> {
  const body: unknown = await answer.json().catch(() => null);
  const fields = typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  const detail = typeof fields.detail === "string" ? fields.detail : `answered with status ${answer.status}`;
  const errors = Array.isArray(fields.errors) ? fields.errors.map(fieldError).filter(Boolean) : [];
  const trace = typeof fields.trace_id === "string" ? fields.trace_id : null;
  return new ApiProblem([detail, ...errors].join(" "), answer.status, trace);
}

function fieldError(error: unknown): string {
  const { pointer, message } = (error ?? {}) as { pointer?: unknown; message?: unknown };
  return typeof pointer === "string" && typeof message === "string" ? `${pointer}: ${message}.` : "";
}
