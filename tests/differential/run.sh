#!/usr/bin/env bash
# The whole program on generated configs, stores and databases, with npm's json5 and JSON.parse as the reference.
#   tests/differential/run.sh            500 seeds from CLAWMEND_SEED on
#   tests/differential/run.sh 100000     so many
# Needs Node 18 or later and, the first time, npm; prints `differential: N passed, N failed`.
set -euo pipefail
cd "$(dirname "$0")/../.."
made=target/differential
if ! cmp -s tests/differential/package-lock.json "$made/package-lock.json" || [ ! -d "$made/node_modules/json5" ]; then
  mkdir -p "$made"
  cp tests/differential/package.json tests/differential/package-lock.json "$made/"
  (cd "$made" && npm ci --silent --ignore-scripts --no-audit --no-fund) ||
    { echo "differential: json5 could not be installed from npm" >&2; exit 1; }
fi
cp tests/differential/reference.mjs "$made/"
# Many are made by an optimised build. What a disk would cost is no matter here.
profile=(); [ "${1:-500}" -lt 10000 ] || profile=(--profile quick)
[ ! -w /dev/shm ] || export TMPDIR=/dev/shm
exec cargo test --quiet "${profile[@]}" --test differential -- "${1:-500}"
