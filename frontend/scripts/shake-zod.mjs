// Writes `src/artifacts/zod-mini.mjs`: of zod/mini what our sources name and nothing else. Next's own bundler keeps every
// part that anything could ask for, twice as much, on every page; `next.config.ts` puts this file in its place.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rolldown } from "rolldown";

const ROOT = join(import.meta.dirname, "..");
const SOURCES = join(ROOT, "src");
const OUT = join(SOURCES, "artifacts", "zod-mini.mjs");
const ENTRY = "\0zod-as-we-use-it";

const names = new Set();
for (const entry of readdirSync(SOURCES, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !/\.tsx?$/.test(entry.name)) continue;
  const text = readFileSync(join(entry.parentPath, entry.name), "utf8");
  if (!text.includes('"zod/mini"')) continue;
  // Types are not code: `z.infer<…>`, `z.core.…`.
  for (const [, name] of text.matchAll(/\bz\.(\w+)(?=\()|\bz\.iso\b/g)) names.add(name ?? "iso");
}
const bundle = await rolldown({
  input: ENTRY,
  cwd: ROOT,
  platform: "browser",
  plugins: [
    {
      name: "entry",
      resolveId: (id) => (id === ENTRY ? id : null),
      load: (id) => (id === ENTRY ? `export { ${[...names].sort().join(", ")} } from "zod/mini";` : null),
    },
  ],
});
const { output } = await bundle.generate({ format: "es", minify: true });
mkdirSync(join(SOURCES, "artifacts"), { recursive: true });
writeFileSync(OUT, output[0].code);
await bundle.close();
