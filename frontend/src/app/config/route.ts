/** Addresses of this installation, read when asked: one build runs on any ports. */
import { publicConfig } from "@/lib/upstream";

export const dynamic = "force-dynamic";

export function GET(): Response {
  return Response.json(publicConfig(process.env), { headers: { "Cache-Control": "no-store" } });
}
