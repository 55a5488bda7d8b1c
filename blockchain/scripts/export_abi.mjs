// Writes the ABI from the build to where it is read, or with --check fails if a committed file differs from it.
import { readFileSync, writeFileSync } from "node:fs";

const built = JSON.parse(
  readFileSync(new URL("../artifacts/contracts/ForecastRegistry.sol/ForecastRegistry.json", import.meta.url), "utf8"),
);
const { contractName, abi, bytecode, deployedBytecode } = built;
const outputs = {
  "blockchain/abi/ForecastRegistry.json": { contractName, abi, bytecode, deployedBytecode },
  "settlement-service/src/settlement_service/registry_abi.json": abi,
};

for (const [path, content] of Object.entries(outputs)) {
  const target = new URL(`../../${path}`, import.meta.url);
  const text = `${JSON.stringify(content, null, 1)}\n`;
  if (!process.argv.includes("--check")) {
    writeFileSync(target, text);
  } else if (readFileSync(target, "utf8") !== text) {
    console.error(`${path} is not what the contract compiles to: run \`npm run build\` and commit it`);
    process.exit(1);
  }
}
