#!/usr/bin/env bash
# The program under hostile conditions, about three minutes; prints how many passed, failed and could not run here.
#   tests/hostile/run.sh                an even sample, some minutes
#   tests/hostile/run.sh --full         every kill and fault point (an hour)
#   tests/hostile/run.sh killed failed  only the tests with these words in their names
#   tests/hostile/run.sh --fuzz 180     each fuzz target for so many seconds (cargo-fuzz, nightly)
set -euo pipefail
cd "$(dirname "$0")/../.."

if [ "${1:-}" = "--fuzz" ]; then
  seconds="${2:-180}"
  for target in store config manifest journal identity salvage; do
    printf '\n== fuzz %s, %ss\n' "$target" "$seconds"
    # New inputs go into a folder that is thrown away; the corpus of the repository is read.
    new="$(mktemp -d)"
    cargo +nightly fuzz run --fuzz-dir fuzz -O "$target" "$new" "fuzz/corpus/$target" -- \
      -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=65536 -print_final_stats=1
    rm -rf "$new"
  done
  exit
fi

export PATH="$PATH:/usr/sbin:/sbin"
if ! type strace bindfs fuse-overlayfs ntfs-3g mount.exfat-fuse mkfs.exfat >/dev/null 2>&1; then
  tools=(strace bindfs fuse-overlayfs ntfs-3g exfat-fuse exfatprogs)
  { apt-get -qq update && apt-get -o DPkg::Lock::Timeout=600 install -y -qq --no-install-recommends "${tools[@]}"; } \
    >/dev/null 2>&1 || { echo "hostile: not installed, and apt-get could not do it: one of ${tools[*]}"; exit 1; }
fi
export RUST_BACKTRACE=0
cargo build --quiet --bin clawmend
exec cargo test --quiet --test hostile -- "$@"
