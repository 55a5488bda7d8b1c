// Writes the ABIs from the build to where they are read, or with --check fails if a committed file differs from it.
import { readFileSync, writeFileSync } from "node:fs";

// Where the source is, and where settlement-service carries the ABI as package data.
const contracts = {
  ForecastRegistry: { source: "ForecastRegistry.sol", service: "registry_abi.json" },
  QuantileScorer: { source: "QuantileScorer.sol", service: "abi/QuantileScorer.json" },
  Operations: { source: "Operations.sol", service: "abi/Operations.json" },
  StakePool: { source: "StakePool.sol", service: "abi/StakePool.json" },
  ActualsRegistry: { source: "ActualsRegistry.sol", service: "abi/ActualsRegistry.json" },
  Arbiter: { source: "Arbiter.sol", service: "abi/Arbiter.json" },
  Settlement: { source: "Settlement.sol", service: "abi/Settlement.json" },
  LocalToken: { source: "local/LocalToken.sol", service: "abi/LocalToken.json" },
};

const outputs = {};
for (const [name, { source, service }] of Object.entries(contracts)) {
  const built = JSON.parse(
    readFileSync(new URL(`../artifacts/contracts/${source}/${name}.json`, import.meta.url), "utf8"),
  );
  const { contractName, abi, bytecode, deployedBytecode } = built;
  outputs[`blockchain/abi/${name}.json`] = { contractName, abi, bytecode, deployedBytecode };
  if (service) outputs[`settlement-service/src/settlement_service/${service}`] = abi;
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
