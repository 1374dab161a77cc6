#!/bin/sh
# Rebuilds the committed objects from their sources, or shows that they match.
#
#   tests/data/build.sh            writes tests/data/obj/
#   tests/data/build.sh --check    rebuilds elsewhere and compares byte by byte
#
# Needs clang-19 and llvm-strip-19 (CLANG=, STRIP= name others) and libbpf's BPF headers; Debian:
# apt-get install clang-19 llvm-19 libbpf-dev. Only for who changes a source: users never need it.
set -eu
cd "$(dirname "$0")"
CLANG=${CLANG:-clang-19} STRIP=${STRIP:-llvm-strip-19} out=obj
for tool in "$CLANG" "$STRIP"; do
	command -v "$tool" >/dev/null || { echo "build.sh: $tool is not installed" >&2; exit 2; }
done
if [ "${1:-}" = --check ]; then
	out=$(mktemp -d)
	trap 'rm -rf "$out"' EXIT
fi
mkdir -p "$out"

# build SOURCE TARGET [CPU]: obj/NAME.TARGET[-CPU].o. Without machine paths: the sources are named
# relative to bpf/, and the DWARF goes, BTF stays.
build() {
	object=$out/$(basename "$1" .c | sed 's/\.bpf$//').$2${3:+-$3}.o
	(cd bpf && "$CLANG" -O2 -g -Wall -Wno-unused-function -target "$2" ${3:+-mcpu="$3"} \
		-I"/usr/include/$(uname -m)-linux-gnu" -fdebug-compilation-dir=. \
		-ffile-prefix-map="$PWD/bpf=." -c "$(basename "$1")" -o -) >"$object"
	"$STRIP" -g "$object"
}

for source in bpf/*.c; do
	cpus=$(sed -n 's/^\/\/ cpus: *//p' "$source")
	for target in bpfel bpfeb; do
		build "$source" $target
		for cpu in $cpus; do build "$source" $target "$cpu"; done
	done
done

if [ "$out" != obj ]; then
	status=0
	for object in obj/*.o; do
		name=$(basename "$object")
		[ -f "$out/$name" ] || { echo "no source makes $object"; status=1; continue; }
		cmp -s "$object" "$out/$name" || { echo "differs from its source: $object"; status=1; }
		rm -f "$out/$name"
	done
	for object in "$out"/*.o; do
		[ ! -e "$object" ] || { echo "not committed: $(basename "$object")"; status=1; }
	done
	[ $status = 0 ] && echo "all objects match their sources"
	exit $status
fi
