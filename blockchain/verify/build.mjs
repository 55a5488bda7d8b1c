// Builds what verifiers need: the registry's code hash from the compiled contract, and the page, one HTML file that
// holds its script and style and by its content security policy may run nothing else. Runs after `hardhat build`;
// with --check fails if a committed file differs.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { keccak_256 } from "@noble/hashes/sha3";
import { build } from "esbuild";

const root = new URL("../../", import.meta.url);
const here = new URL("./", import.meta.url);

function output(path, text) {
  const target = new URL(path, root);
  if (!process.argv.includes("--check")) {
    writeFileSync(target, text);
  } else if (readFileSync(target, "utf8") !== text) {
    console.error(`${path} is not what its sources make: run \`npm run build\` and commit it`);
    process.exit(1);
  }
}

/** Hash of the deployed code with its immutables (the chain, its own address) set to zero. */
function registryCode() {
  const artifact = new URL("blockchain/artifacts/contracts/ForecastRegistry.sol/ForecastRegistry.json", root);
  const { deployedBytecode, immutableReferences } = JSON.parse(readFileSync(artifact, "utf8"));
  const code = Buffer.from(deployedBytecode.slice(2), "hex");
  const immutables = Object.values(immutableReferences)
    .flat()
    .map(({ start, length }) => [start, length])
    .sort(([a], [b]) => a - b);
  for (const [start, length] of immutables) code.fill(0, start, start + length);
  return { hash: `0x${Buffer.from(keccak_256(code)).toString("hex")}`, size: code.length, immutables };
}

async function page() {
  const bundle = await build({
    entryPoints: [new URL("page/page.ts", here).pathname],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    charset: "utf8",
    legalComments: "inline",
  });
  // Neither may end the element that holds it.
  const script = `\n${bundle.outputFiles[0].text.replaceAll("</", "<\\/")}`;
  const style = `\n${readFileSync(new URL("page/page.css", here), "utf8")}`;
  const pin = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  const policy = [
    "default-src 'none'",
    `script-src ${pin(script)}`,
    `style-src ${pin(style)}`,
    "connect-src http: https:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const parts = { "%CSP%": policy, "%STYLE%": style, "%SCRIPT%": script };
  return readFileSync(new URL("page/page.html", here), "utf8").replace(/%(CSP|STYLE|SCRIPT)%/g, (name) => parts[name]);
}

const code = `${JSON.stringify(registryCode())}\n`;
output("blockchain/verify/src/registry_code.json", code);
output("gridseal/src/gridseal/notary/registry_code.json", code);
output("blockchain/verify/gridseal-verify.html", await page());
