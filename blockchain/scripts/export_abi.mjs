// Writes the ABIs from the build to where they are read, or with --check fails if a committed file differs from it.
import { readFileSync, writeFileSync } from "node:fs";

// Where the source is, and whether settlement-service carries the ABI as package data.
const contracts = {
  ForecastRegistry: { source: "ForecastRegistry.sol", service: "registry_abi.json" },
  Operations: { source: "Operations.sol", service: "operations_abi.json" },
  StakePool: { source: "StakePool.sol", service: "stake_pool_abi.json" },
  ActualsRegistry: { source: "ActualsRegistry.sol", service: "actuals_abi.json" },
  Arbiter: { source: "Arbiter.sol", service: "arbiter_abi.json" },
  LocalToken: { source: "local/LocalToken.sol", service: "token_abi.json" },
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
