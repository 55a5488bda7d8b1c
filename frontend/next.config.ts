import type { NextConfig } from "next";

const config: NextConfig = {
  output: "standalone",
  // One build worker: the build shares its machine with the stack it will serve.
  experimental: { cpus: 1 },
  // Of zod what we use and no more, made by `scripts/shake-zod.mjs` before each build.
  turbopack: {
    root: import.meta.dirname,
    resolveAlias: { "zod/mini": "./src/artifacts/zod-mini.mjs" },
  },
  outputFileTracingRoot: import.meta.dirname,
  poweredByHeader: false,
  // Answers pass through to loopback and the event stream is a socket of its own.
  compress: true,
  devIndicators: false,
};

export default config;
