#!/bin/sh
# Rebuilds the objects here from their sources, for both byte orders, as tests/data/build.sh does its own.
set -eu
cd "$(dirname "$0")"
for source in *.bpf.c; do
	for target in bpfel bpfeb; do
		object=${source%.bpf.c}.$target.o
		"${CLANG:-clang-19}" -O2 -g -Wall -Werror -target "$target" \
			-I"/usr/include/$(uname -m)-linux-gnu" -fdebug-compilation-dir=. \
			-ffile-prefix-map="$PWD=." -ffile-prefix-map=/usr/include=include \
			-c "$source" -o "$object"
		"${STRIP:-llvm-strip-19}" -g "$object"
	done
done
