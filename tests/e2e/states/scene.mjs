// The built dashboard, the stand-in server of `frontend/tests/support` behind it, and a wire for the socket that can be
// cut. Everything on free ports of loopback; each process is ended by its own handle.
import { spawn } from "node:child_process";
import { connect, createServer } from "node:net";
import { join } from "node:path";

const FRONTEND = join(import.meta.dirname, "..", "..", "..", "frontend");
const BUILT = process.env.DASHBOARD_SERVER ?? join(FRONTEND, ".next", "standalone", "server.js");
const WAIT_MS = 30_000;

async function freePort() {
  const probe = createServer();
  await new Promise((done) => probe.listen(0, "127.0.0.1", done));
  const { port } = probe.address();
  await new Promise((done) => probe.close(done));
  return port;
}

async function answers(url) {
  const deadline = Date.now() + WAIT_MS;
  for (;;) {
    try {
      if ((await fetch(url)).ok) return;
    } catch {
      // not yet
    }
    if (Date.now() > deadline) throw new Error(`${url} does not answer`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

async function ended(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((done) => child.once("exit", done));
  child.kill("SIGKILL");
  await gone;
}

/** A way for bytes that can be cut: what is open ends at once, what comes is refused. */
class Wire {
  #open = new Set();
  #whole = true;

  async begin(target) {
    const server = createServer((near) => {
      if (!this.#whole) {
        near.destroy();
        return;
      }
      const far = connect(target, "127.0.0.1");
      for (const end of [near, far]) {
        this.#open.add(end);
        end.on("error", () => {});
        end.on("close", () => this.#open.delete(end));
      }
      near.pipe(far).pipe(near);
    });
    await new Promise((done) => server.listen(0, "127.0.0.1", done));
    this.server = server;
    return server.address().port;
  }

  cut() {
    this.#whole = false;
    for (const end of this.#open) end.destroy();
  }

  mend() {
    this.#whole = true;
  }

  end() {
    this.cut();
    this.server.close();
  }
}

/** `scale`: how many times as fast as real the clock of the data runs; `more`: settings of the dashboard. */
export async function aScene({ scale = 240, more = {} } = {}) {
  const [data, port] = [await freePort(), await freePort()];
  const dataUrl = `http://127.0.0.1:${data}`;
  const wire = new Wire();
  const socket = await wire.begin(data);
  let server;

  const start = async (other = {}) => {
    const env = { ...process.env, PORT: String(data), SCALE: String(scale), ...other };
    server = spawn(process.execPath, ["--no-warnings", join(FRONTEND, "tests", "support", "server.ts")], { env, stdio: "inherit" });
    await answers(`${dataUrl}/api/v1/sites`);
  };
  await start();
  const urls = ["FORECAST", "ASSET", "SETTLEMENT", "GATEWAY", "STREAM"].map((name) => [`GRIDSEAL_${name}_URL`, dataUrl]);
  const dashboard = spawn(process.execPath, [BUILT], {
    env: {
      ...process.env,
      ...Object.fromEntries(urls),
      PORT: String(port),
      GRIDSEAL_FORECAST_WS_URL: `ws://127.0.0.1:${socket}/ws/forecasts`,
      ...more,
    },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const base = `http://127.0.0.1:${port}`;
  await answers(`${base}/healthz`);

  const tell = (path, body) => fetch(`${dataUrl}${path}`, { method: "PUT", body: JSON.stringify(body) });
  return {
    base,
    cut: () => wire.cut(),
    mend: () => wire.mend(),
    stop: () => ended(server),
    start,
    /** See `frontend/tests/support/orders.ts`. */
    order: (...orders) => tell("/test/orders", orders),
    send: (channel, data) => tell("/test/delta", { channel, data }),
    end: async () => {
      wire.end();
      await Promise.all([ended(server), ended(dashboard)]);
    },
  };
}
