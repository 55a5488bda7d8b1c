#!/bin/sh
# make clean: stops the stack and removes everything that set-up and the stack made in this checkout.
set -eu
cd "$(dirname "$0")/.."
if [ -x .venv/bin/python ] && .venv/bin/python -c 'import local_stack' 2>/dev/null; then
    .venv/bin/python -m local_stack down
    .venv/bin/python -m local_stack wipe
fi
rm -rf .local .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
rm -rf blockchain/node_modules blockchain/artifacts blockchain/cache
rm -rf frontend/node_modules frontend/.next tests/e2e/node_modules
find . -name __pycache__ -type d -prune -exec rm -rf {} +
find . -name '*.egg-info' -type d -prune -exec rm -rf {} +
