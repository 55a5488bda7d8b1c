/** What the browser keeps for us and cannot read or change: AES-256-GCM under the secret of this installation. */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";

/** A browser takes 4,096 bytes of a cookie, with its name and attributes. */
const PIECE = 3_600;
const MOST_PIECES = 4;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Without a file, sessions end with the process that made them; several processes need the same file. */
const OWN = randomBytes(32);
const kept = new Map<string, Buffer>();

function key(env: NodeJS.ProcessEnv): Buffer {
  const file = env.GRIDSEAL_SESSION_SECRET_FILE;
  if (!file) return OWN;
  let found = kept.get(file);
  if (!found) {
    const secret = readFileSync(file);
    if (secret.length < 32) throw new Error(`${file} must hold at least 32 random bytes`);
    found = createHash("sha256").update("gridseal dashboard session\0").update(secret).digest();
    kept.set(file, found);
  }
  return found;
}

export function seal(value: unknown, env: NodeJS.ProcessEnv = process.env): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", key(env), nonce);
  const sealed = Buffer.concat([cipher.update(JSON.stringify(value), "utf8"), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString("base64url");
}

/** Null for what we have not sealed. */
export function unseal(text: string, env: NodeJS.ProcessEnv = process.env): unknown {
  const bytes = Buffer.from(text, "base64url");
  if (bytes.length < NONCE_BYTES + TAG_BYTES) return null;
  const decipher = createDecipheriv("aes-256-gcm", key(env), bytes.subarray(0, NONCE_BYTES));
  decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  try {
    const parts = [decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()];
    return JSON.parse(Buffer.concat(parts).toString("utf8"));
  } catch {
    return null;
  }
}

export interface CookieRule {
  path: string;
  maxAgeS: number;
  secure: boolean;
}

/** `Set-Cookie` lines: the value in as many pieces as it takes, and none left of a longer one before. */
export function cookieLines(name: string, value: string, { path, maxAgeS, secure }: CookieRule): string[] {
  if (value.length > PIECE * MOST_PIECES) throw new Error("what is to be kept in the browser is too long");
  return Array.from({ length: MOST_PIECES }, (_, i) => {
    const piece = value.slice(i * PIECE, (i + 1) * PIECE);
    const age = piece ? maxAgeS : 0;
    // Lax: a person comes back from the provider's pages by a link. Changes are asked where they come from besides.
    return `${name}.${i}=${piece}; Path=${path}; Max-Age=${age}; HttpOnly; SameSite=Lax${secure ? "; Secure" : ""}`;
  });
}

export function cookieValue(header: string | null, name: string): string {
  const found = new Map(
    (header ?? "").split(/;\s*/).map((pair): [string, string] => {
      const at = pair.indexOf("=");
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
  return Array.from({ length: MOST_PIECES }, (_, i) => found.get(`${name}.${i}`) ?? "").join("");
}
