/** Content security policy per request: own scripts only, and the one socket of this installation. To the sign-in first. */
import { type NextRequest, NextResponse } from "next/server";
import { publicConfig } from "@/lib/upstream";
import { bringsSomething, ownOrigin } from "@/sign-in/login";

export function proxy(request: NextRequest): NextResponse {
  const { pathname, search } = request.nextUrl;
  if (!publicConfig(process.env).development && pathname !== "/sign-in" && !bringsSomething(request)) {
    const back = pathname === "/" && !search ? "" : `?back=${encodeURIComponent(pathname + search)}`;
    return NextResponse.redirect(`${ownOrigin(request)}/sign-in${back}`);
  }
  const nonce = btoa(crypto.randomUUID());
  const socket = new URL(publicConfig(process.env).ws_url).origin;
  const development = process.env.NODE_ENV === "development" ? " 'unsafe-eval'" : "";
  const policy = [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${development}`,
    // uPlot and React place elements by style attributes.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    `connect-src 'self' ${socket}`,
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
  const headers = new Headers(request.headers);
  headers.set("x-nonce", nonce);
  headers.set("Content-Security-Policy", policy);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set("Content-Security-Policy", policy);
  response.headers.set("X-Content-Type-Options", "nosniff");
  response.headers.set("Referrer-Policy", "no-referrer");
  return response;
}

export const config = { matcher: ["/((?!_next/static|_next/image|api/|auth/|config|healthz|icon).*)"] };
