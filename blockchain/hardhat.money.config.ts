import { createRequire } from "node:module";
import { defineConfig } from "hardhat/config";

const require = createRequire(import.meta.url);
const fsPermissions = { readDirectory: ["abi"] };

// The tests of stakes, actuals and settlement. They do not look at gas, so they are compiled without the optimizer:
// in seconds, where hardhat.config.ts takes minutes. Contracts come in by import.
export default defineConfig({
  paths: {
    sources: "contracts/local",
    tests: { solidity: "test-money" },
    artifacts: ".money/artifacts",
    cache: ".money/cache",
  },
  solidity: {
    version: "0.8.28",
    path: require.resolve("solc/soljson.js"),
    settings: { optimizer: { enabled: false }, viaIR: false, evmVersion: "cancun" },
  },
  test: {
    solidity: {
      profiles: {
        default: { fsPermissions, fuzz: { runs: 10_000 }, invariant: { runs: 256, depth: 128 } },
        // While one works on a contract.
        quick: { fsPermissions, fuzz: { runs: 256 }, invariant: { runs: 24, depth: 64 } },
        // `make fuzz`: hours.
        long: { fsPermissions, fuzz: { runs: 100_000 }, invariant: { runs: 1_000, depth: 500 } },
        // scripts/mutate.mjs: once for every mutant.
        mutants: { fsPermissions, fuzz: { runs: 16, seed: "0x1" }, invariant: { runs: 1, depth: 16 } },
      },
    },
  },
});
