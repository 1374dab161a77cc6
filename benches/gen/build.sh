#!/bin/sh
# Builds the objects of the benches from generated C.
#
# usage: benches/gen/build.sh [--check]     (--check: build elsewhere and compare)
# Needs cargo, zstd, bpftool, clang-19, llvm-strip-19 and libbpf's headers; other versions of
# clang work and give other bytes: CLANG=..., STRIP=...
set -eu
here=$(cd "$(dirname "$0")" && pwd)
clang=${CLANG:-clang-19}
strip=${STRIP:-llvm-strip-19}
check=${1-}
set --
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for kernel in 6.12-amd64 6.12-arm64 6.12-s390x 5.10-amd64 6.1-amd64 7.2-amd64; do
	zstd -qdo "$work/$kernel" "$here/../../tests/data/kernels/$kernel.btf.zst"
	set -- "$@" "$work/$kernel"
done
bpftool btf dump file "$work/6.12-amd64" format c > "$work/vmlinux.h"
cargo run -q --release --manifest-path "$here/../Cargo.toml" --bin gen -- "$work" "$@"
cd "$work" # so that no path of this machine gets into the objects
for object in small medium large; do
	"$clang" -O2 -g -mcpu=v3 -target bpf -D__TARGET_ARCH_x86 -Wno-everything -I. \
		-ffile-prefix-map="$work"=. -fdebug-compilation-dir=. \
		-c $object.bpf.c -o $object.bpf.o
	"$strip" -g $object.bpf.o
	if [ "$check" = --check ]; then
		cmp $object.bpf.o "$here/../objects/$object.bpf.o"
	else
		cp $object.bpf.o "$here/../objects/"
	fi
done
