// Writes the ABIs from the build to where they are read, or with --check fails if a committed file differs from it.
import { readFileSync, writeFileSync } from "node:fs";

// Where the sources are. settlement-service carries the ABIs as package data.
const sources = {
  ForecastRegistry: "ForecastRegistry.sol",
  QuantileScorer: "QuantileScorer.sol",
  Operations: "Operations.sol",
  StakePool: "StakePool.sol",
  ActualsRegistry: "ActualsRegistry.sol",
  Arbiter: "Arbiter.sol",
  Settlement: "Settlement.sol",
  LocalToken: "local/LocalToken.sol",
};

const outputs = {};
for (const [name, source] of Object.entries(sources)) {
  const built = JSON.parse(
    readFileSync(new URL(`../artifacts/contracts/${source}/${name}.json`, import.meta.url), "utf8"),
  );
  const { contractName, abi, bytecode, deployedBytecode } = built;
  outputs[`blockchain/abi/${name}.json`] = { contractName, abi, bytecode, deployedBytecode };
  outputs[`settlement-service/src/settlement_service/abi/${name}.json`] = abi;
}

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
