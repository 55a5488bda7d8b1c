import { createRequire } from "node:module";
import hardhatNetworkHelpers from "@nomicfoundation/hardhat-network-helpers";
import hardhatNodeTestRunner from "@nomicfoundation/hardhat-node-test-runner";
import hardhatViem from "@nomicfoundation/hardhat-viem";
import hardhatViemAssertions from "@nomicfoundation/hardhat-viem-assertions";
import { defineConfig } from "hardhat/config";

const require = createRequire(import.meta.url);

export default defineConfig({
  plugins: [hardhatViem, hardhatViemAssertions, hardhatNodeTestRunner, hardhatNetworkHelpers],
  solidity: {
    // The version must equal that of the solc package: its soljson.js is the compiler, nothing is downloaded.
    version: "0.8.28",
    path: require.resolve("solc/soljson.js"),
    settings: { optimizer: { enabled: true, runs: 200 }, viaIR: true, evmVersion: "cancun" },
  },
  test: {
    solidity: {
      profiles: {
        default: { fuzz: { runs: 10_000 } },
        // While one works on a contract.
        quick: { fuzz: { runs: 256 } },
        // `make fuzz`: hours.
        long: { fuzz: { runs: 100_000 } },
      },
    },
  },
  networks: {
    // Tests: before the gates of the golden vectors.
    default: { type: "edr-simulated", chainType: "l1", initialDate: "2026-05-31T00:00:00Z" },
    // `hardhat node` takes the network of this name. Blocks come from the chain clock only, so that block
    // times follow domain time; the first block is older than any domain time the clock will ask for.
    node: {
      type: "edr-simulated",
      chainType: "l1",
      chainId: 31337,
      hardfork: "cancun",
      initialDate: process.env.CHAIN_BEGINS ?? "2026-01-01T00:00:00Z",
      mining: { auto: false, interval: 0, mempool: { order: "fifo" } },
      accounts: { count: 20 },
      throwOnTransactionFailures: false,
      throwOnCallFailures: true,
    },
  },
});
