// The page: takes a file and an address, shows each check. Nothing of the file is ever put in as markup.

import { JsonRpcChain, NodeError } from "../src/chain.ts";
import { type Check, checkChain, checkOffline, utc, verdict } from "../src/check.ts";
import type { RegistryCode } from "../src/code.ts";
import { JsonError } from "../src/json.ts";
import { checkInputs } from "../src/origin.ts";
import { type Pins, checkPins, notPinned } from "../src/pins.ts";
import { type ProofFile, ProofFileError, readProofFile } from "../src/proof_file.ts";
import registryCode from "../src/registry_code.json" with { type: "json" };
import { fan, inUnit, inWords } from "./chart.ts";

type Verdict = "verified" | "refuted" | "open";

const by = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const form = by<HTMLFormElement>("form");
const file = by<HTMLInputElement>("file");
const text = by<HTMLTextAreaElement>("text");
const drop = by("drop");

file.addEventListener("change", () => void take(file.files?.[0]));
text.addEventListener("input", () => {
  by("file-name").textContent = "the pasted text is used";
});
for (const kind of ["dragenter", "dragover"]) {
  drop.addEventListener(kind, (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
}
drop.addEventListener("dragleave", () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  void take(event.dataTransfer?.files[0]);
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  void run();
});

async function take(chosen: File | undefined): Promise<void> {
  if (chosen === undefined) return;
  text.value = await chosen.text();
  by("file-name").textContent = chosen.name;
}

async function run(): Promise<void> {
  const go = by<HTMLButtonElement>("go");
  go.disabled = true;
  try {
    await checkAll(text.value.trim(), typed("rpc"));
  } finally {
    go.disabled = false;
  }
}

const typed = (id: string): string => by<HTMLInputElement>(id).value.trim();

/** What the reader says that the file must name; a sentence where it is none of that. */
function readPins(): Pins | string {
  const [chain, registry, authority] = [typed("pin-chain"), typed("pin-registry"), typed("pin-authority")];
  if (chain !== "" && !/^[1-9][0-9]{0,30}$/.test(chain)) return "The chain id is a whole number.";
  const wrong = [registry, authority].some((one) => one !== "" && !/^0x[0-9a-fA-F]{40}$/.test(one));
  if (wrong) return "An address is 0x and 40 hexadecimal digits.";
  return { ...(chain && { chainId: BigInt(chain) }), ...(registry && { registry }), ...(authority && { authority }) };
}

async function checkAll(content: string, rpc: string): Promise<void> {
  by("claim").hidden = true;
  if (content === "") return show("open", "Choose a proof file first.", []);
  let proof: ProofFile;
  try {
    proof = readProofFile(content);
  } catch (error) {
    if (!(error instanceof ProofFileError || error instanceof JsonError)) throw error;
    return show("refuted", `Not a proof file: ${error.message}.`, []);
  }
  showClaim(proof);
  const pins = readPins();
  if (typeof pins === "string") return show("open", pins, []);
  const beside = by<HTMLInputElement>("inputs").files?.[0];
  const inputs = beside === undefined ? [] : [checkInputs(proof.batch, new Uint8Array(await beside.arrayBuffer()))];
  const checks = [...checkOffline(proof), ...inputs, ...checkPins(proof, pins)];
  const open = notPinned(pins);
  if (!verdict(checks)) return show("refuted", "Not verified: a check failed.", checks);
  if (rpc === "") return show("open", "Not verified yet: the chain was not asked. Type the address of a node.", checks, open);
  show("open", "Asking the node…", checks, open);
  try {
    checks.push(...(await checkChain(proof, new JsonRpcChain(rpc), registryCode as unknown as RegistryCode)));
  } catch (error) {
    const reason = error instanceof NodeError ? error.message : "the node gave an answer that makes no sense";
    return show("open", `Not verified: ${reason}.`, checks, open);
  }
  if (!verdict(checks)) return show("refuted", "Not verified: a check failed.", checks, open);
  if (open.length > 0) return show("open", `Verified in part only: nobody said the ${open.join(" and the ")}.`, checks, open);
  const { seriesId, points, runId } = proof.forecast;
  const told = `Verified: ${seriesId}, ${points.length} ${points.length === 1 ? "period" : "periods"} of run ${runId}.`;
  show("verified", told, checks);
}

/** The verdict and a row for each check; `open` are those that were not made. */
function show(outcome: Verdict, sentence: string, checks: readonly Check[], open: readonly string[] = []): void {
  const banner = by("verdict");
  banner.dataset.verdict = outcome;
  banner.textContent = sentence;
  by("checks-title").hidden = checks.length === 0;
  by("checks").replaceChildren(
    ...checks.map(({ name, passed, detail }) => checkRow(passed ? "pass" : "fail", passed ? "ok" : "FAIL", name, detail)),
    ...open.map((name) => checkRow("open", "open", name, "not made: it was not said above what it must be")),
  );
  by("result").hidden = false;
}

function checkRow(kind: string, mark: string, name: string, detail: string): HTMLElement {
  const row = filled("li", "");
  row.className = kind;
  row.dataset.check = name;
  const told = filled("span", detail);
  told.className = "detail";
  row.append(filled("b", mark), filled("span", name), told);
  return row;
}

function showClaim({ forecast, batch, authority, envelope }: ProofFile): void {
  const facts: [string, string, boolean?][] = [
    ["Forecast", `${forecast.seriesId}, product ${forecast.productId}, region ${forecast.regionId}`],
    ["Issued", `${utc(forecast.issuedAt)} for the slot ${utc(forecast.slot)}, version ${batch.version}`],
    ["Gate", utc(batch.gateClosure)],
    ["Authority", authority, true],
    ["Registry", `${envelope.contract} on chain ${envelope.chainId}`, true],
    ["Transaction", envelope.txHash, true],
  ];
  by("facts").replaceChildren(
    ...facts.flatMap(([name, value, isHash]) => {
      const told = filled("dd", value);
      if (isHash) told.className = "hash";
      return [filled("dt", name), told];
    }),
  );
  const chart = fan(forecast);
  const caption = "Bands that hold the outcome with equal probability above and below; the line is the median.";
  by("chart").replaceChildren(...(chart ? [chart, filled("figcaption", caption)] : []));
  by("values").replaceChildren(
    tableRow("th", ["Period from", ...forecast.levelsBps.map(inWords)]),
    ...forecast.points.map((p) => tableRow("td", [utc(p.targetStart), ...p.valuesMilli.map((v) => inUnit(v, forecast.unit))])),
  );
  by("claim").hidden = false;
}

function tableRow(kind: "th" | "td", cells: readonly string[]): HTMLElement {
  const row = filled("tr", "");
  row.append(...cells.map((cell) => filled(kind, cell)));
  return row;
}

function filled(name: string, content: string): HTMLElement {
  const made = document.createElement(name);
  made.textContent = content;
  return made;
}
