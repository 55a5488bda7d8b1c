/** Who is signed in, from the cookies of a request: with the provider, or with the key of a machine. */
import { createHash } from "node:crypto";
import { providerSettings, renew, type Tokens } from "./provider";
import { cookieLines, cookieValue, seal, unseal } from "./sealed";

export const LOGIN = "gridseal_login";
export const BEGUN = "gridseal_begun";
/** Cookie of settlement-service for whoever signed in with a wallet. */
export const WALLET = "gridseal_session";
/** However long a token counts, nobody stays signed in for longer without coming back. */
const STAYS_S = 12 * 3600;
const RENEW_BEFORE_MS = 60_000;
const REMEMBERED_MS = 60_000;

export type Login = ({ kind: "person" } & Tokens) | { kind: "machine"; access: string };

export interface Found {
  login: Login;
  /** `Set-Cookie` lines for the answer, where the tokens are new. */
  lines: string[];
}

/** Several requests with one old token get the same new one: a provider takes each refresh token once. */
const underway = new Map<string, Promise<Tokens>>();

/** Null where nobody is signed in, or no longer. */
export async function loginOf(request: Request): Promise<Found | null> {
  const text = cookieValue(request.headers.get("cookie"), LOGIN);
  const login = text ? (unseal(text) as Login | null) : null;
  if (!login) return null;
  if (login.kind === "machine" || login.expiresAtMs - Date.now() > RENEW_BEFORE_MS)
    return { login, lines: [] };
  const settings = providerSettings(process.env);
  const still = login.expiresAtMs > Date.now() ? { login, lines: [] } : null;
  if (!settings || !login.refresh) return still;
  try {
    const tokens = await once(login.refresh, (refresh) => renew(settings, login, refresh));
    const next: Login = { kind: "person", ...tokens };
    return { login: next, lines: keep(next, request) };
  } catch {
    return still;
  }
}

function once(refresh: string, renewed: (refresh: string) => Promise<Tokens>): Promise<Tokens> {
  const name = createHash("sha256").update(refresh).digest("hex");
  const found = underway.get(name) ?? renewed(refresh);
  if (!underway.has(name)) {
    underway.set(name, found);
    setTimeout(() => underway.delete(name), REMEMBERED_MS).unref();
  }
  return found;
}

/** `Set-Cookie` lines that keep it in this browser. */
export function keep(login: Login, request: Request): string[] {
  return cookieLines(LOGIN, seal(login), { path: "/", maxAgeS: STAYS_S, secure: isSecure(request) });
}

export function forget(request: Request): string[] {
  return cookieLines(LOGIN, "", { path: "/", maxAgeS: 0, secure: isSecure(request) });
}

/** As browsers reach us: `GRIDSEAL_DASHBOARD_URL`, else by the name that the request came under. */
export function ownOrigin(request: Request): string {
  const told = process.env.GRIDSEAL_DASHBOARD_URL;
  return told ? new URL(told).origin : `http://${request.headers.get("host") ?? "127.0.0.1"}`;
}

export function isSecure(request: Request): boolean {
  return ownOrigin(request).startsWith("https:");
}

/** A path of our own, whatever an address asks for. */
export function safeBack(asked: string | null): string {
  if (!asked?.startsWith("/") || /^\/[/\\]/.test(asked) || /[\\\r\n\t]/.test(asked)) return "/";
  return asked.startsWith("/sign-in") || asked.startsWith("/auth/") ? "/" : asked;
}

export function withLines(answer: Response, lines: readonly string[]): Response {
  for (const line of lines) answer.headers.append("set-cookie", line);
  return answer;
}

/** The value of a cookie of somebody else, or the empty text. */
export function cookieHeld(request: Request, name: string): string {
  const pairs = (request.headers.get("cookie") ?? "").split(/;\s*/);
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";
}

/** Whether a request brings anything to be signed in with; whether it counts, each service says. */
export function bringsSomething(request: Request): boolean {
  return cookieHeld(request, `${LOGIN}.0`) !== "" || cookieHeld(request, WALLET) !== "";
}
