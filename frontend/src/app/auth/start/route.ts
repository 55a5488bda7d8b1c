/** The way to the OpenID provider. */
import { NextResponse } from "next/server";
import { problem } from "@/lib/problem";
import { BEGUN, isSecure, ownOrigin, safeBack, withLines } from "@/sign-in/login";
import { begin, providerSettings } from "@/sign-in/provider";
import { cookieLines, seal } from "@/sign-in/sealed";
import { told } from "@/sign-in/told";

export const dynamic = "force-dynamic";

const HERE = "/auth/start";
const WITHIN_S = 600;

export async function GET(request: Request): Promise<Response> {
  const settings = providerSettings(process.env);
  if (!settings) return problem(404, "Not Found", "this installation has no OpenID provider", HERE);
  const back = safeBack(new URL(request.url).searchParams.get("back"));
  const origin = ownOrigin(request);
  try {
    const { goTo, begun } = await begin(settings, `${origin}/auth/back`, back);
    const rule = { path: "/auth", maxAgeS: WITHIN_S, secure: isSecure(request) };
    return withLines(NextResponse.redirect(goTo), cookieLines(BEGUN, seal(begun), rule));
  } catch (error) {
    told("provider_away", error);
    return NextResponse.redirect(`${origin}/sign-in?why=away&back=${encodeURIComponent(back)}`);
  }
}
