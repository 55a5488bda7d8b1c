// How many deliberate mistakes in the money contracts the tests notice. Long: run by hand, `npm run mutants [-- StakePool]`.
// One build holds all mutants of all contracts; each run of the tests switches one of them on. MUTANTS_EVERY=5 takes
// every fifth, MUTANTS_FROM=2 from the third on; --sample 60 --seed 1 takes sixty by lot, the same ones each time, and says
// between which shares of all mutants the tests notice with 95 % confidence.
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createHardhatRuntimeEnvironment, importUserConfig } from "hardhat/hre";
import { SWITCH, mutate } from "./mutants.mjs";
import { drawn, interval } from "./sample.mjs";

const here = fileURLToPath(new URL("..", import.meta.url));
const solc = createRequire(import.meta.url)("solc");
const all = [
  ...["StakeMath", "StakePool", "Backing", "Treasury", "SettlementSeat", "ActualsRegistry", "Bonds"],
  ...["Settlement", "Reveals", "Rounds", "Memberships", "Guarded", "Operations", "Arbiter"],
];
const { values: asked, positionals } = parseArgs({
  options: { sample: { type: "string" }, seed: { type: "string", default: "1" } },
  allowPositionals: true,
});
const chosen = positionals.length > 0 ? positionals : all;
const every = Number(process.env.MUTANTS_EVERY ?? 1);
const from = Number(process.env.MUTANTS_FROM ?? 0);
const GOAL = 0.9;

const work = mkdtempSync(join(tmpdir(), "mutants-"));
for (const part of ["abi", "contracts", "test-money", "test/support"]) {
  cpSync(join(here, part), join(work, part), { recursive: true });
}
symlinkSync(join(here, "node_modules"), join(work, "node_modules"));
write("contracts/Mutant.sol", SWITCH);
write("package.json", JSON.stringify({ name: "mutants", version: "0.0.0", type: "module", private: true }));
write("hardhat.config.ts", readFileSync(join(here, "hardhat.money.config.ts"), "utf8"));
process.env.HARDHAT_TEST_PROFILE = "mutants";
for (const [file, after] of [
  ["test-money/MoneyFixture.sol", "function setUp() public virtual {"],
  ["test-money/MoneyHandler.sol", "constructor(Mintable token_) {"],
  ["test-money/StakeMath.t.sol", undefined],
]) {
  edit(file, (text) =>
    after
      ? text.replace(after, `${after} vm.etch(address(0x4d555441), new bytes(vm.envUint("MUTANT")));`)
      : text
          .replace(/\bpure\b/g, "view")
          .replace(/\{\n    using/, '{\n    function setUp() public { vm.etch(address(0x4d555441), new bytes(vm.envUint("MUTANT"))); }\n    using'),
  );
}
edit("test/support/Vm.sol", (text) =>
  text.replace("interface Vm {", "interface Vm {\n    function envUint(string calldata name) external view returns (uint256);"),
);

let mutants = [];
for (const name of chosen) {
  const path = `contracts/${name}.sol`;
  const source = readFileSync(join(here, path), "utf8");
  const changed = mutate(source, astOf(path, source), mutants.length + 1);
  write(path, changed.source);
  mutants = mutants.concat(changed.mutants.map((mutant) => ({ ...mutant, path })));
}

const made = mutants.length;
mutants = mutants.filter((_, index) => index % every === from);
if (asked.sample !== undefined) mutants = drawn(mutants, Number(asked.sample), Number(asked.seed));

const config = join(work, "hardhat.config.ts");
const hre = await createHardhatRuntimeEnvironment(await importUserConfig(config), { config }, work);
await quietly(() => hre.tasks.getTask("build").run({}));
if (!(await passes(0))) throw new Error(`the tests fail without a mutant, see ${work}`);
const survivors = [];
for (const mutant of mutants) {
  const noticed = !(await passes(mutant.id));
  if (!noticed) survivors.push(mutant);
  console.log(`${noticed ? "noticed " : "SURVIVED"} ${mutant.path}:${mutant.line} ${mutant.what}`);
}
rmSync(work, { recursive: true });
const score = 1 - survivors.length / mutants.length;
console.log(`${mutants.length - survivors.length} of ${mutants.length} mutants noticed: ${(100 * score).toFixed(1)} %`);
if (mutants.length < made) {
  const [low, high] = interval(mutants.length - survivors.length, mutants.length, made);
  console.log(`of all ${made}, with 95 % confidence: between ${(100 * low).toFixed(1)} and ${(100 * high).toFixed(1)} %`);
}
process.exit(score >= GOAL ? 0 : 1);

function astOf(path, source) {
  const input = { language: "Solidity", sources: { [path]: { content: source } } };
  input.settings = { outputSelection: { "*": { "": ["ast"] } } };
  const find = (name) => ({ contents: readFileSync(join(here, name.startsWith("@") ? "node_modules" : "", name), "utf8") });
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: find }));
  return output.sources[path].ast;
}

/** Whether all tests pass with one mutant on. The tests read its number from the environment. */
async function passes(mutant) {
  process.env.MUTANT = String(mutant);
  const run = () => hre.tasks.getTask(["test", "solidity"]).run({ noCompile: true });
  return (await quietly(run)).success;
}

async function quietly(act) {
  const { write: shown } = process.stdout;
  process.stdout.write = (_chunk, _encoding, done) => (typeof done === "function" && done(), true);
  try {
    return await act();
  } finally {
    process.stdout.write = shown;
  }
}

function write(path, text) {
  writeFileSync(join(work, path), text);
}

function edit(path, change) {
  write(path, change(readFileSync(join(work, path), "utf8")));
}
