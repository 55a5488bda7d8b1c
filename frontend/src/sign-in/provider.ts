/** The OpenID provider of this installation: code flow with PKCE on our server's side, and renewal. */
import { readFileSync } from "node:fs";
import * as oauth from "oauth4webapi";

const KNOWN_MS = 600_000;
const WITHIN_MS = 10_000;

export interface ProviderSettings {
  issuer: URL;
  clientId: string;
  secretFile: string | null;
  scope: string;
  resource: string | null;
  rolesClaim: string;
}

/** Null where the installation has no provider. */
export function providerSettings(env: NodeJS.ProcessEnv): ProviderSettings | null {
  if (!env.GRIDSEAL_OIDC_ISSUER) return null;
  return {
    issuer: new URL(env.GRIDSEAL_OIDC_ISSUER),
    clientId: env.GRIDSEAL_OIDC_CLIENT_ID || "dashboard",
    secretFile: env.GRIDSEAL_OIDC_CLIENT_SECRET_FILE || null,
    scope: env.GRIDSEAL_OIDC_SCOPE || "openid profile offline_access",
    resource: env.GRIDSEAL_OIDC_RESOURCE || null,
    rolesClaim: env.GRIDSEAL_OIDC_ROLES_CLAIM || "roles",
  };
}

/** What must be the same when the person comes back; sealed in a cookie meanwhile. */
export interface Begun {
  state: string;
  nonce: string;
  verifier: string;
  back: string;
}

export interface Tokens {
  access: string;
  refresh: string | null;
  expiresAtMs: number;
  name: string;
  roles: string[];
}

interface Provider {
  server: oauth.AuthorizationServer;
  client: oauth.Client;
  auth: oauth.ClientAuth;
}

let known: { of: string; atMs: number; provider: Promise<Provider> } | null = null;

async function providerOf(settings: ProviderSettings): Promise<Provider> {
  const of = `${settings.issuer} ${settings.clientId}`;
  if (known?.of !== of || Date.now() - known.atMs > KNOWN_MS) {
    known = { of, atMs: Date.now(), provider: discovered(settings) };
    known.provider.catch(() => {
      known = null;
    });
  }
  return known.provider;
}

async function discovered(settings: ProviderSettings): Promise<Provider> {
  const answer = await oauth.discoveryRequest(settings.issuer, options(settings));
  const server = await oauth.processDiscoveryResponse(settings.issuer, answer);
  const auth = settings.secretFile
    ? oauth.ClientSecretPost(readFileSync(settings.secretFile, "utf8").trim())
    : oauth.None();
  return { server, client: { client_id: settings.clientId }, auth };
}

/** Plain http is for a provider on this machine. */
function options({ issuer }: ProviderSettings) {
  const here = ["127.0.0.1", "localhost", "[::1]"].includes(issuer.hostname);
  return { [oauth.allowInsecureRequests]: here, signal: AbortSignal.timeout(WITHIN_MS) };
}

/** Where the person goes, and what to keep until they are back at `redirectUri`. */
export async function begin(
  settings: ProviderSettings,
  redirectUri: string,
  back: string,
): Promise<{ goTo: URL; begun: Begun }> {
  const { server } = await providerOf(settings);
  if (!server.authorization_endpoint) throw new Error("the provider has no page to sign in on");
  const verifier = oauth.generateRandomCodeVerifier();
  const begun = { state: oauth.generateRandomState(), nonce: oauth.generateRandomNonce(), verifier, back };
  const goTo = new URL(server.authorization_endpoint);
  const asked = {
    client_id: settings.clientId,
    response_type: "code",
    redirect_uri: redirectUri,
    scope: settings.scope,
    state: begun.state,
    nonce: begun.nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    ...(settings.scope.includes("offline_access") ? { prompt: "consent" } : {}),
    ...(settings.resource ? { resource: settings.resource } : {}),
  };
  for (const [name, value] of Object.entries(asked)) goTo.searchParams.set(name, value);
  return { goTo, begun };
}

/** Tokens for the code that `returned` carries; throws whatever is not as it was begun. */
export async function finish(
  settings: ProviderSettings,
  redirectUri: string,
  returned: URL,
  begun: Begun,
): Promise<Tokens> {
  const { server, client, auth } = await providerOf(settings);
  const checked = oauth.validateAuthResponse(server, client, returned, begun.state);
  const answer = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    auth,
    checked,
    redirectUri,
    begun.verifier,
    { ...options(settings), ...resourceOf(settings) },
  );
  const told = await oauth.processAuthorizationCodeResponse(server, client, answer, {
    expectedNonce: begun.nonce,
    requireIdToken: true,
  });
  const claims = oauth.getValidatedIdTokenClaims(told);
  const name = [claims?.name, claims?.preferred_username, claims?.email].find(
    (one) => typeof one === "string",
  );
  return tokensOf(settings, told, String(name ?? claims?.sub ?? ""), null);
}

/** New tokens before the old ones end. */
export async function renew(settings: ProviderSettings, old: Tokens, refresh: string): Promise<Tokens> {
  const { server, client, auth } = await providerOf(settings);
  const asked = { ...options(settings), ...resourceOf(settings) };
  const answer = await oauth.refreshTokenGrantRequest(server, client, auth, refresh, asked);
  const told = await oauth.processRefreshTokenResponse(server, client, answer);
  return tokensOf(settings, told, old.name, refresh);
}

function resourceOf({ resource }: ProviderSettings) {
  return resource ? { additionalParameters: { resource } } : {};
}

function tokensOf(
  settings: ProviderSettings,
  told: oauth.TokenEndpointResponse,
  name: string,
  refresh: string | null,
): Tokens {
  return {
    access: told.access_token,
    refresh: told.refresh_token ?? refresh,
    expiresAtMs: Date.now() + (told.expires_in ?? 300) * 1000,
    name,
    roles: rolesIn(told.access_token, settings.rolesClaim),
  };
}

/** For showing only: what a token says is checked by each service. */
export function rolesIn(token: string, claim: string): string[] {
  try {
    let at: unknown = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
    for (const part of claim.split(".")) at = (at as Record<string, unknown> | null)?.[part];
    if (typeof at === "string") return at.split(" ");
    return Array.isArray(at) ? at.filter((one) => typeof one === "string") : [];
  } catch {
    return [];
  }
}
