#!/usr/bin/env node
// The compiler as forge calls it: the soljson.js of the solc package, with the input of `--standard-json` on stdin.
const { readFileSync } = require("node:fs");
const solc = require("solc");

if (process.argv.includes("--version")) console.log(`Version: ${solc.version()}`);
else console.log(solc.compile(readFileSync(0, "utf8")));
