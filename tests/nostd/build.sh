#!/bin/sh
# Builds the freestanding program, checks that it needs nothing, runs it, and prints its size.
# That it links at all is the proof: see src/main.rs.
set -eu
cd "$(dirname "$0")"
if [ "$(uname -sm)" != "Linux x86_64" ]; then
	echo "SKIP nostd: the program is for x86-64 Linux"
	exit 0
fi
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-../../target}/nostd"
RUSTFLAGS="-C link-arg=-nostartfiles -C link-arg=-nostdlib -C link-arg=-static -C relocation-model=static" \
	cargo build --release --quiet --target x86_64-unknown-linux-gnu
binary=$CARGO_TARGET_DIR/x86_64-unknown-linux-gnu/release/relocore-nostd
"$binary" || { echo "nostd: the object was not relocated" >&2; exit 1; }
echo "nostd: links without std, libc, allocator and panics; relocates; $(wc -c <"$binary") bytes:"
size "$binary" 2>/dev/null || true
