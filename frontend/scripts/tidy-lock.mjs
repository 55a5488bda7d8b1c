// Makes package-lock.json carry names, versions and hashes only, and complete.
//
// npm leaves out optional packages of other platforms that the registry at hand does not serve, and then
// `npm ci` refuses the file. They are entered by name and version, for their platform only.
import { readFileSync, writeFileSync } from "node:fs";

const file = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(file, "utf8"));
const OS = [
  "android",
  "darwin",
  "freebsd",
  "linux",
  "openharmony",
  "openbsd",
  "netbsd",
  "sunos",
  "aix",
  "win32",
];
const CPU = ["arm64", "x64", "arm", "ia32", "riscv64", "ppc64", "s390x", "loong64", "wasm32"];

/** Where the name does not say it, a platform that no machine is: never installed. */
function platformOf(name) {
  const parts = name.replace(/^@/, "").split(/[-/]/);
  const os = OS.find((one) => parts.includes(one)) ?? (parts.includes("wasm32") ? "wasi" : "none");
  return { os: [os], cpu: [CPU.find((one) => parts.includes(one)) ?? "none"] };
}

for (const [path, entry] of Object.entries(lock.packages)) {
  delete entry.resolved;
  delete entry.funding;
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const nested = `${path}/node_modules/${name}`;
    const top = `node_modules/${name}`;
    if (lock.packages[nested] || lock.packages[top]) continue;
    lock.packages[top] = {
      version,
      ...platformOf(name),
      optional: true,
      ...(entry.dev ? { dev: true } : {}),
    };
  }
}
const sorted = Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1));
lock.packages = Object.fromEntries(sorted);
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
