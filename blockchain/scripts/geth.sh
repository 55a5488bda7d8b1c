#!/bin/sh
# Builds geth from the Go module proxy into .local/geth, once, and prints its path. The tests of tests/chain take it where
# it is; without it they say so and run on anvil alone. Needs Go 1.24 or newer; without cgo it needs no C compiler.
set -eu
version=v1.16.9
place=$(cd "$(dirname "$0")/../.." && pwd)/.local/geth
if [ ! -x "$place/geth" ]; then
  mkdir -p "$place"
  CGO_ENABLED=0 GOFLAGS="-p=1 -trimpath" GOBIN=$place go install "github.com/ethereum/go-ethereum/cmd/geth@$version" >&2
fi
echo "$place/geth"
