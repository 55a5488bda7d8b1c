/** Back from the OpenID provider, with a code that only we can redeem. */
import { NextResponse } from "next/server";
import { BEGUN, isSecure, keep, ownOrigin, withLines } from "@/sign-in/login";
import { type Begun, finish, providerSettings } from "@/sign-in/provider";
import { cookieLines, cookieValue, unseal } from "@/sign-in/sealed";
import { told } from "@/sign-in/told";

export const dynamic = "force-dynamic";

export async function GET(request: Request): Promise<Response> {
  const settings = providerSettings(process.env);
  const text = cookieValue(request.headers.get("cookie"), BEGUN);
  const begun = text ? (unseal(text) as Begun | null) : null;
  const origin = ownOrigin(request);
  const done = cookieLines(BEGUN, "", { path: "/auth", maxAgeS: 0, secure: isSecure(request) });
  if (!settings || !begun) return withLines(NextResponse.redirect(`${origin}/sign-in?why=again`), done);
  const returned = new URL(new URL(request.url).search, `${origin}/auth/back`);
  try {
    const tokens = await finish(settings, `${origin}/auth/back`, returned, begun);
    const lines = [...done, ...keep({ kind: "person", ...tokens }, request)];
    return withLines(NextResponse.redirect(`${origin}${begun.back}`), lines);
  } catch (error) {
    told("sign_in_not_finished", error);
    const why = returned.searchParams.has("error") ? "refused" : "again";
    return withLines(
      NextResponse.redirect(`${origin}/sign-in?why=${why}&back=${encodeURIComponent(begun.back)}`),
      done,
    );
  }
}
