#!/bin/sh
# Makes a folder in which forge finds the contracts and the tests of money, and prints forge's path. Hardhat counts no
# branches, and halmos reads forge's output; forge comes from npm into .local/forge, and runs our solc package.
# Usage: workplace.sh FOLDER
set -eu
blockchain=$(cd "$(dirname "$0")/../.." && pwd)
place=$blockchain/../.local/forge
forge=$place/node_modules/@foundry-rs/forge-linux-amd64/bin/forge
if [ ! -x "$forge" ]; then
  mkdir -p "$place"
  npm install --silent --no-save --no-fund --no-audit --prefix "$place" @foundry-rs/forge@1.7.1 >&2
fi
cd "$1"
mkdir -p test scripts
cp -r "$blockchain/contracts" "$blockchain/test-money" "$blockchain/abi" .
cp -r "$blockchain/test/support" test/
cp "$blockchain/scripts/forge/solc.cjs" scripts/
ln -s "$blockchain/node_modules" node_modules
cat > foundry.toml <<'TOML'
[profile.default]
src = "contracts"
test = "test-money"
libs = ["node_modules"]
remappings = ["@openzeppelin/=node_modules/@openzeppelin/"]
solc = "./scripts/solc.cjs"
offline = true
evm_version = "cancun"
optimizer = false
fs_permissions = [{ access = "read", path = "./abi" }]
fuzz = { runs = 64, seed = "0x1" }
invariant = { runs = 4, depth = 32 }
TOML
echo "$forge"
