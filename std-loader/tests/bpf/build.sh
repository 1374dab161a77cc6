#!/bin/sh
# Rebuilds loader.bpfel.o and loader.bpfeb.o from loader.bpf.c, as tests/data/build.sh does its own.
set -eu
cd "$(dirname "$0")"
for target in bpfel bpfeb; do
	"${CLANG:-clang-19}" -O2 -g -Wall -Werror -target "$target" -I"/usr/include/$(uname -m)-linux-gnu" \
		-fdebug-compilation-dir=. -ffile-prefix-map="$PWD=." -ffile-prefix-map=/usr/include=include \
		-c loader.bpf.c -o "loader.$target.o"
	"${STRIP:-llvm-strip-19}" -g "loader.$target.o"
done
