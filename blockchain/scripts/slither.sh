#!/bin/sh
# Slither over the contracts as `hardhat build` compiled them, in an environment of its own: it pins an older web3. Fails
# from medium on.
# Left out: incorrect-equality takes every "nothing is left" for a trap, uninitialized-local every sum that starts at zero,
# unused-return the reason why a signature is bad, of which only that it is bad counts.
set -eu
cd "$(dirname "$0")/.."
venv=$PWD/../.local/slither
if [ ! -x "$venv/bin/slither" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet slither-analyzer==0.11.6
fi
npx hardhat build --quiet
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
built=$(node -p 'require("./artifacts/contracts/Settlement.sol/Settlement.json").buildInfoId')
mkdir -p "$work/artifacts/build-info"
cp "artifacts/build-info/$built".* "$work/artifacts/build-info"
cp -r contracts test hardhat.config.ts package.json slither.config.json "$work"
ln -s "$PWD/node_modules" "$work/node_modules"
ln -s . "$work/project" # what the compiler calls our files
cd "$work"
"$venv/bin/slither" . --ignore-compile --config-file slither.config.json
