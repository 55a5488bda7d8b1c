// Checks proof files with this implementation: node blockchain/verify/cli.ts FILE… [--rpc URL] [--json]
// [--chain-id N] [--registry ADDRESS] [--authority ADDRESS]; what is named so must stand in the file. [--inputs FILE]:
// what the run was computed from, where the proof file does not hold it.
// Ends with 0 where every check passed, 1 where one failed, 2 where the file or the chain could not be read.

import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { JsonRpcChain, NodeError } from "./src/chain.ts";
import { type Check, checkChain, checkOffline, verdict } from "./src/check.ts";
import { JsonError } from "./src/json.ts";
import { checkInputs } from "./src/origin.ts";
import { type Pins, checkPins, notPinned } from "./src/pins.ts";
import { ProofFileError, readProofFile } from "./src/proof_file.ts";
import registryCode from "./src/registry_code.json" with { type: "json" };
import type { RegistryCode } from "./src/code.ts";

const code = registryCode as unknown as RegistryCode;

/** Prints the checks of one file; 0, 1 or 2 as above. */
async function checkFile(file: string, rpc: string | undefined, asJson: boolean, pins: Pins, inputs: string | undefined): Promise<number> {
  const checks: Check[] = [];
  let problem = "";
  try {
    const proof = readProofFile(readFileSync(file, "utf8"));
    checks.push(...checkOffline(proof));
    if (inputs !== undefined) checks.push(checkInputs(proof.batch, readFileSync(inputs)));
    checks.push(...checkPins(proof, pins));
    if (rpc !== undefined) checks.push(...(await checkChain(proof, new JsonRpcChain(rpc), code)));
  } catch (error) {
    if (!(error instanceof NodeError || error instanceof ProofFileError || error instanceof JsonError)) throw error;
    problem = error.message;
  }
  const refuted = checks.some((check) => !check.passed);
  if (problem === "" && !refuted && rpc === undefined) problem = "the chain was not asked; give --rpc URL of any node of this chain";
  if (asJson) console.log(JSON.stringify({ checks, problem }));
  else for (const { name, passed, detail } of checks) console.log(`${passed ? "ok  " : "FAIL"} ${name}: ${detail}`);
  if (!asJson && problem !== "") console.error(`not verified: ${problem}`);
  if (problem !== "" && !refuted) return 2;
  if (!asJson && !refuted) for (const name of notPinned(pins)) console.log(`open ${name}: not given, compare it with what its owner publishes`);
  return verdict(checks) ? 0 : 1;
}

async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    options: {
      rpc: { type: "string" },
      json: { type: "boolean", default: false },
      "chain-id": { type: "string" },
      registry: { type: "string" },
      authority: { type: "string" },
      inputs: { type: "string" },
    },
    allowPositionals: true,
  });
  if (positionals.length === 0) {
    console.error("usage: node cli.ts FILE… [--rpc URL] [--json] [--chain-id N] [--registry ADDRESS] [--authority ADDRESS] [--inputs FILE]");
    return 2;
  }
  const { "chain-id": chainId, registry, authority } = values;
  const wrong = [registry, authority].find((text) => text !== undefined && !/^0x[0-9a-fA-F]{40}$/.test(text));
  if (wrong !== undefined || (chainId !== undefined && !/^[1-9][0-9]*$/.test(chainId))) {
    console.error("not verified: --registry and --authority take 0x and 40 hexadecimal digits, --chain-id a whole number");
    return 2;
  }
  const pins: Pins = { ...(chainId && { chainId: BigInt(chainId) }), ...(registry && { registry }), ...(authority && { authority }) };
  let worst = 0;
  for (const file of positionals) worst = Math.max(worst, await checkFile(file, values.rpc, values.json, pins, values.inputs));
  return worst;
}

process.exitCode = await main(process.argv.slice(2));
