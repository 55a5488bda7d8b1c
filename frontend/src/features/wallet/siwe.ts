/** The text of Sign-In with Ethereum (EIP-4361), as settlement-service reads it: strict, one form only. Pure. */
import type { Address } from "./provider";

export interface SignInFields {
  /** Host with port, as the address bar shows it. */
  domain: string;
  /** In the mixed case of EIP-55. */
  address: Address;
  statement: string;
  uri: string;
  chainId: number;
  nonce: string;
  issuedAt: Date;
  expiresInS: number;
}

export function signInText(fields: SignInFields): string {
  const expires = new Date(fields.issuedAt.getTime() + fields.expiresInS * 1000);
  return [
    `${fields.domain} wants you to sign in with your Ethereum account:`,
    fields.address,
    "",
    fields.statement,
    "",
    `URI: ${fields.uri}`,
    "Version: 1",
    `Chain ID: ${fields.chainId}`,
    `Nonce: ${fields.nonce}`,
    `Issued At: ${fields.issuedAt.toISOString()}`,
    `Expiration Time: ${expires.toISOString()}`,
  ].join("\n");
}

/** The text as bytes in hexadecimal: what `personal_sign` takes. */
export function textAsHex(text: string): `0x${string}` {
  const bytes = new TextEncoder().encode(text);
  return `0x${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
