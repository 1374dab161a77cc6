#!/usr/bin/env bash
# Builds the same job with the std loader as a static binary, and says its size. glibc's static
# library (libc6-dev) has all that it needs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
out=${CARGO_TARGET_DIR:-../../../target}/agent
mkdir -p "$out/std"
out=$(cd "$out" && pwd)
target=$(uname -m)-unknown-linux-gnu
RUSTFLAGS="-C target-feature=+crt-static" CARGO_TARGET_DIR=$out/build-std \
  cargo build --release --quiet --locked --target "$target"
cp "$out/build-std/$target/release/relocore-agent-std" "$out/std/"
printf 'std loader, static: %s bytes\n' "$(wc -c <"$out/std/relocore-agent-std")"
