// A real OpenID provider (npm oidc-provider) for the tests: discovery, keys, client credentials, code with PKCE.
// It says its issuer on stdout, rotates its keys on "rotate", and ends when its stdin does.
import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import Provider from "oidc-provider";

const PORT = Number(process.argv[2]);
/** How long a token counts, seconds. */
const TOKEN_S = Number(process.argv[3] ?? 300);
const ISSUER = `http://127.0.0.1:${PORT}`;
const ROLES = { operations: ["operator"], alice: ["operator"], bob: ["viewer"], carol: [] };

function key(kid) {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), kid, use: "sig", alg: "RS256" };
}

function provider(keys) {
  const made = new Provider(ISSUER, {
    jwks: { keys },
    clients: [
      {
        client_id: "operations",
        client_secret: "secret-of-operations",
        grant_types: ["client_credentials"],
        redirect_uris: [],
        response_types: [],
      },
      {
        client_id: "dashboard",
        token_endpoint_auth_method: "none",
        application_type: "native",
        grant_types: ["authorization_code", "refresh_token"],
        redirect_uris: ["http://127.0.0.1/signed-in", "http://127.0.0.1/auth/back"],
        response_types: ["code"],
      },
    ],
    scopes: ["openid", "read", "offline_access"],
    issueRefreshToken: async (_, client, code) => client.grantTypeAllowed("refresh_token") && code.scopes.has("offline_access"),
    claims: { openid: ["sub"] },
    findAccount: async (_, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
    extraTokenClaims: async (_, token) => ({ roles: ROLES[token.accountId ?? token.clientId] ?? [] }),
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => "urn:gridseal",
        useGrantedResource: () => true,
        getResourceServerInfo: (_, resource) => ({
          scope: "read",
          audience: resource === "urn:other" ? "other" : "gridseal",
          accessTokenTTL: TOKEN_S,
          accessTokenFormat: "jwt",
          jwt: { sign: { alg: "RS256" } },
        }),
      },
    },
    pkce: { required: () => true },
    cookies: { keys: ["of tests only"] },
  });
  return made.callback();
}

let keys = [key("first")];
let answer = provider(keys);
let asked = 0;
createServer((request, response) => {
  if (request.url === "/asked") return response.end(String(asked));
  if (request.url === "/jwks") asked += 1;
  return answer(request, response);
}).listen(PORT, "127.0.0.1", () => console.log(ISSUER));

createInterface({ input: process.stdin })
  .on("line", () => {
    keys = [key("second")];
    answer = provider(keys);
    console.log("rotated");
  })
  .on("close", () => process.exit(0));
