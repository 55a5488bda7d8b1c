// Brings what the pages share with blockchain/ to where the build finds it: the verifier's sources, the ABIs, and
// the page that checks proofs without a server. Next compiles nothing outside of this folder. Nothing of it is
// committed: `npm run build`, `dev`, `typecheck` and `test` bring it anew.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const chain = join(root, "..", "blockchain");
const sources = join(root, "src", "artifacts");
const CONTRACTS = {
  ForecastRegistry: "ForecastRegistry",
  ActualsRegistry: "ActualsRegistry",
  StakePool: "StakePool",
  Settlement: "Settlement",
  Operations: "Operations",
  Arbiter: "Arbiter",
  Token: "LocalToken",
};

/** Writes a file only if it changes, so that a running `next dev` is left in peace. */
function write(path, text) {
  try {
    if (readFileSync(path, "utf8") === text) return;
  } catch {}
  writeFileSync(path, text);
}

mkdirSync(join(sources, "verifier"), { recursive: true });
const wanted = readdirSync(join(chain, "verify", "src"));
for (const name of readdirSync(join(sources, "verifier"))) {
  if (!wanted.includes(name)) rmSync(join(sources, "verifier", name));
}
for (const name of wanted) {
  write(join(sources, "verifier", name), readFileSync(join(chain, "verify", "src", name), "utf8"));
}

const abis = Object.entries(CONTRACTS).map(([name, file]) => {
  const { abi } = JSON.parse(readFileSync(join(chain, "abi", `${file}.json`), "utf8"));
  return `  ${name}: ${JSON.stringify(abi)},\n`;
});
const head = "// Made by scripts/bring-chain.mjs from blockchain/abi.\n";
write(join(sources, "abi.ts"), `${head}export const abis = {\n${abis.join("")}} as const;\n`);

mkdirSync(join(root, "public", "artifacts"), { recursive: true });
cpSync(
  join(chain, "verify", "gridseal-verify.html"),
  join(root, "public", "artifacts", "gridseal-verify.html"),
);
