#!/bin/sh
# Proves what proofs/ says of the arithmetic core, for every input of the sizes named there; fails if one is refuted or
# stays open. halmos (AGPL-3.0, a16z crypto; a tool, not shipped) in an environment of its own, with forge's output.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
venv=$here/../../.local/halmos
if [ ! -x "$venv/bin/halmos" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet halmos==0.3.3
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
forge=$(sh "$here/forge/workplace.sh" "$work")
cd "$work"
cp -r "$here/../proofs" .
mkdir core
mv contracts/StakeMath.sol core
rm -r contracts test-money test
mv core contracts
sed -i 's/^test = .*/test = "proofs"/' foundry.toml
PATH=$(dirname "$forge"):$venv/bin:$PATH
export PATH
halmos --solver-timeout-assertion 60s "$@"
