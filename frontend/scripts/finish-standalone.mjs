// Makes `.next/standalone` startable on its own: static files beside it, loopback and our port as defaults.
import { cpSync, existsSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const standalone = join(root, ".next", "standalone");
if (!existsSync(join(standalone, "server.js"))) {
  throw new Error(`${standalone}/server.js is missing: "next build" did not make a standalone server`);
}
cpSync(join(root, ".next", "static"), join(standalone, ".next", "static"), { recursive: true });
if (existsSync(join(root, "public")))
  cpSync(join(root, "public"), join(standalone, "public"), { recursive: true });

// Next listens on HOSTNAME, which shells and containers set to the machine's name. Without login the
// dashboard belongs on loopback unless it is told otherwise by a variable that nothing sets by chance.
renameSync(join(standalone, "server.js"), join(standalone, "next-server.js"));
writeFileSync(
  join(standalone, "server.js"),
  `process.env.HOSTNAME = process.env.GRIDSEAL_DASHBOARD_HOST || "127.0.0.1";
process.env.PORT ||= "23000";
process.env.NEXT_TELEMETRY_DISABLED = "1";
await import("./next-server.js");
`,
);
