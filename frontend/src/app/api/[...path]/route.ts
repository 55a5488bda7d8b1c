/** Same-origin way to the services' REST. Changes come from our own pages only. */
import { passOn } from "@/lib/pass";
import { problem } from "@/lib/problem";
import { upstreamOf } from "@/lib/upstream";

export const dynamic = "force-dynamic";

type Context = { params: Promise<{ path: string[] }> };

async function handle(request: Request, context: Context): Promise<Response> {
  const { path } = await context.params;
  const { pathname } = new URL(request.url);
  const upstream = upstreamOf(path, process.env);
  if (!upstream) return problem(404, "Not Found", `no service answers ${pathname}`, pathname);
  return passOn(request, upstream, `/api/${path.map(encodeURIComponent).join("/")}`);
}

export { handle as DELETE, handle as GET, handle as PATCH, handle as POST, handle as PUT };
