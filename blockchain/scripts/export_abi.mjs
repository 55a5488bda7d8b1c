// Writes abi/ForecastRegistry.json from the build, or with --check fails if the committed file differs from it.
import { readFileSync, writeFileSync } from "node:fs";

const built = JSON.parse(
  readFileSync(new URL("../artifacts/contracts/ForecastRegistry.sol/ForecastRegistry.json", import.meta.url), "utf8"),
);
const target = new URL("../abi/ForecastRegistry.json", import.meta.url);
const { contractName, abi, bytecode, deployedBytecode } = built;
const text = `${JSON.stringify({ contractName, abi, bytecode, deployedBytecode }, null, 1)}\n`;

if (process.argv.includes("--check")) {
  if (readFileSync(target, "utf8") !== text) {
    console.error("abi/ForecastRegistry.json is not what the contract compiles to: run `npm run build` and commit it");
    process.exit(1);
  }
} else {
  writeFileSync(target, text);
}
