#!/bin/sh
# Lines, statements, branches and functions of the money contracts that their tests take; fails if a branch is not taken.
# Not counted by forge: the sides of `a ? b : c`, of `&&` and of `||`; the mutants of those conditions stand for them.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
forge=$(sh "$here/forge/workplace.sh" "$work")
cd "$work"
rm contracts/QuantileScorer.sol # does not compile without the optimizer; the tests take it from abi/, as it is deployed
"$forge" coverage --report summary --report lcov --no-match-coverage '(node_modules|test|local|Leaves|Authorities|ForecastRegistry)'
awk -F'[:,]' '
  /^SF:/ { file = $2 }
  file ~ /^contracts/ && /^BRDA:/ && ($5 == "-" || $5 == 0) { print "not taken: " file ":" $2; missed = 1 }
  END { exit missed }
' lcov.info
