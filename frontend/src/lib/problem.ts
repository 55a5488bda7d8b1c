/** RFC 9457 problem documents of our own routes. */
export function problem(status: number, title: string, detail: string, instance: string): Response {
  return Response.json(
    { type: "about:blank", title, status, detail, instance },
    { status, headers: { "Content-Type": "application/problem+json", "Cache-Control": "no-store" } },
  );
}
