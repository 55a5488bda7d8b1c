/** What our server keeps in the browser, and where it lets itself be sent. */
import { expect, test } from "vitest";
import { bringsSomething, safeBack } from "@/sign-in/login";
import { rolesIn } from "@/sign-in/provider";
import { cookieLines, cookieValue, seal, unseal } from "@/sign-in/sealed";

const RULE = { path: "/", maxAgeS: 60, secure: true };
const asked = (lines: string[]) => lines.map((line) => line.split(";")[0]).join("; ");

test("what is sealed comes back, in as many pieces as it takes, and a changed one is nothing", () => {
  const value = { access: "x".repeat(6_000) };
  const sealed = seal(value);
  const lines = cookieLines("login", sealed, RULE);
  expect(unseal(cookieValue(asked(lines), "login"))).toEqual(value);
  expect(unseal(sealed.replace(/.$/, sealed.endsWith("A") ? "B" : "A"))).toBeNull();
  expect(unseal("AAAA")).toBeNull();
  expect(sealed).not.toContain(Buffer.from("xxxxxx").toString("base64url"));
});

test("a shorter value leaves nothing of a longer one, and no script reads either", () => {
  const lines = cookieLines("login", "short", RULE);
  expect(lines.slice(1).every((line) => line.includes("Max-Age=0"))).toBe(true);
  expect(lines.every((line) => line.includes("HttpOnly") && line.includes("Secure"))).toBe(true);
  expect(() => cookieLines("login", "x".repeat(20_000), RULE)).toThrow(/too long/);
});

test("nobody is sent away from here afterwards", () => {
  const elsewhere = [null, "//evil.example", "/\\evil.example", "https://evil.example", "/a\nb", "/auth/out"];
  expect(elsewhere.map(safeBack)).toEqual(elsewhere.map(() => "/"));
  expect(safeBack("/assets?site=a")).toBe("/assets?site=a");
});

test("roles are shown as the token says them, wherever they stand in it", () => {
  const token = (claims: object) => `h.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.s`;
  expect(rolesIn(token({ roles: ["viewer"] }), "roles")).toEqual(["viewer"]);
  expect(rolesIn(token({ realm_access: { roles: ["operator"] } }), "realm_access.roles")).toEqual([
    "operator",
  ]);
  expect(rolesIn("no token", "roles")).toEqual([]);
});

test("a page is asked for by somebody with a session of either kind", () => {
  const by = (cookie: string) => bringsSomething(new Request("http://a/", { headers: { cookie } }));
  expect([by(""), by("gridseal_login.0="), by("gridseal_login.0=x"), by("a=1; gridseal_session=x")]).toEqual([
    false,
    false,
    true,
    true,
  ]);
});
