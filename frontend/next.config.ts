import type { NextConfig } from "next";

const config: NextConfig = {
  output: "standalone",
  // One build worker: the build shares its machine with the stack it will serve.
  experimental: { cpus: 1 },
  turbopack: { root: import.meta.dirname },
  outputFileTracingRoot: import.meta.dirname,
  poweredByHeader: false,
  // Answers pass through to loopback and the event stream is a socket of its own.
  compress: true,
  devIndicators: false,
};

export default config;
