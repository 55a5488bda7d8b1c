// Figures of the browser: printed, and kept beside those of the other groups.
import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";

export const ROOT = join(import.meta.dirname, "..", "..", "..");
export const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** `name, value, unit, goal`, and where there is one `peer, peer_value, ratio`. */
export function keep(figures) {
  const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: ROOT, encoding: "utf8" }).trim();
  const folder = join(ROOT, ".local", "bench");
  mkdirSync(folder, { recursive: true });
  for (const one of figures) {
    const figure = { peer: null, peer_value: null, ratio: null, runs: 1, ...one, load_average: loadavg()[0], commit };
    appendFileSync(join(folder, "web.jsonl"), `${JSON.stringify(figure)}\n`);
    const beside = figure.peer ? `  ${figure.ratio.toFixed(2)}x ${figure.peer} ${figure.peer_value.toFixed(1)}` : "";
    process.stdout.write(`${figure.name.padEnd(34)} ${figure.value.toFixed(3).padStart(9)} ${figure.unit.padEnd(6)} goal <= ${figure.goal}${beside}\n`);
  }
}
