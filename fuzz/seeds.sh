#!/usr/bin/env bash
# Makes fuzz/seeds/ anew: of the real data in tests/data/, and of what fuzzing has found to be
# worth keeping (fuzz/corpus/), the smallest set that reaches the same code. Needs nightly, and a C
# compiler with libelf's and zlib's headers for libbpf, which distills modules' BTF.
set -euo pipefail
cd "$(dirname "$0")"
candidates=$(mktemp -d)
trap 'rm -rf "$candidates"' EXIT
(cd .. && cargo run -q -p relocore-tests --features libbpf --example seeds -- "$candidates")
cargo fuzz build
binaries=${CARGO_TARGET_DIR:-$PWD/target}/x86_64-unknown-linux-gnu/release
for target in ${*:-$(cargo fuzz list)}; do
  kept=$candidates/kept/$target
  mkdir -p "$kept" "seeds/$target" "corpus/$target" "$candidates/$target" "$candidates/small/$target"
  # What is large runs slowly, and is for the corpus on this machine.
  find "corpus/$target" -type f -size -3k -exec cp -t "$candidates/small/$target" {} +
  "$binaries/$target" -merge=1 -max_len=20000 "$kept" "$candidates/$target" "seeds/$target" \
    "$candidates/small/$target" 2>"$candidates/log"
  rm -f "seeds/$target"/*
  cp "$kept"/* "seeds/$target/"
  printf '%-14s %5d files %8d bytes\n' "$target" "$(find "seeds/$target" -type f | wc -l)" \
    "$(find "seeds/$target" -type f -printf '%s\n' | awk '{ all += $1 } END { print all }')"
done
