#!/bin/sh
# Rebuilds the committed objects from their sources, or shows that they match.
#
#   tests/data/build.sh            writes tests/data/obj/, tests/data/targets/ and the objects in
#                                  tests/data/explain/
#   tests/data/build.sh --check    rebuilds elsewhere and compares byte by byte; 1 if any differs
#
# Needs clang 19 and LLVM's strip and objcopy (CLANG=, STRIP=, OBJCOPY= name others) and libbpf's BPF
# headers. Only for who changes a source: users never need it.
#
# Lines in a source that direct this script:
#   // cpus: v1 v2         compile it for these instruction sets too: NAME.TARGET-v1.o
#   // drop-symbol: NAME   take this symbol out of the object
#   // elf: FORMAT         also put the little-endian BTF alone into an ELF file of that format
set -eu
cd "$(dirname "$0")"
CLANG=${CLANG:-clang-19} STRIP=${STRIP:-llvm-strip-19} OBJCOPY=${OBJCOPY:-llvm-objcopy-19}
export LC_ALL=C

missing() {
	echo "build.sh: $1. On Debian: apt-get install clang-19 llvm-19 libbpf-dev linux-libc-dev" >&2
	exit 2
}
for tool in "$CLANG" "$STRIP" "$OBJCOPY"; do
	command -v "$tool" >/dev/null || missing "$tool is not installed"
done
# <linux/types.h> wants <asm/types.h>, which Debian keeps in a folder of the machine's name.
include=/usr/include/$(uname -m)-linux-gnu
for header in linux/bpf.h bpf/bpf_helpers.h bpf/bpf_core_read.h; do
	echo "#include <$header>" | "$CLANG" -target bpfel -I"$include" -fsyntax-only -include linux/types.h \
		-x c - 2>/dev/null || missing "the header <$header> is not there"
done
"$CLANG" --version | grep -q 'version 19\.' || echo "build.sh: not clang 19: the objects will differ" >&2

case ${1:-} in
"") check= root=$PWD ;;
--check)
	check=yes root=$(mktemp -d)
	trap 'rm -rf "$root"' EXIT
	;;
*) echo "usage: $0 [--check]" >&2; exit 2 ;;
esac
mkdir -p "$root/obj" "$root/targets" "$root/explain"

# directive NAME SOURCE: what the source says behind "// NAME:".
directive() { sed -n "s|^// $1: *||p" "$2"; }

# build SOURCE TARGET OBJECT [CPU]. No machine's paths in it: the source is named relative to bpf/, the
# headers by their own names, and DWARF goes, BTF stays.
build() {
	(cd "$(dirname "$1")" && "$CLANG" -O2 -g -Wall -Werror -target "$2" ${4:+-mcpu="$4"} -I"$include" \
		-fdebug-compilation-dir=. -ffile-prefix-map="$PWD=." -ffile-prefix-map=/usr/include=include \
		-c "$(basename "$1")" -o "$3")
	"$STRIP" -g "$3"
	for symbol in $(directive drop-symbol "$1"); do "$OBJCOPY" --strip-symbol="$symbol" "$3"; done
}

# wrap OBJECT FORMAT ELF: its BTF alone, in an ELF file of that format.
wrap() {
	"$OBJCOPY" --dump-section .BTF="$3.btf" "$1"
	(cd "$(dirname "$3")" && "$OBJCOPY" -I binary -O "$2" --rename-section .data=.BTF,contents,readonly \
		--strip-all "$(basename "$3").btf" "$(basename "$3")")
	rm "$3.btf"
}

for source in bpf/*.bpf.c; do
	name=$(basename "$source" .bpf.c)
	for target in bpfel bpfeb; do
		build "$source" $target "$root/obj/$name.$target.o"
		for cpu in $(directive cpus "$source"); do
			build "$source" $target "$root/obj/$name.$target-$cpu.o" "$cpu"
		done
	done
done
for source in bpf/target_*.c; do
	name=$(basename "$source" .c) name=${name#target_}
	for target in bpfel bpfeb; do build "$source" $target "$root/targets/$name.$target.o"; done
	for format in $(directive elf "$source"); do
		wrap "$root/targets/$name.bpfel.o" "$format" "$root/targets/$name.$format.o"
	done
done
for source in explain/*.c; do
	name=$(basename "$source" .c) name=${name%.bpf}
	build "$source" bpfel "$root/explain/$name.o"
	for format in $(directive elf "$source"); do
		wrap "$root/explain/$name.o" "$format" "$root/explain/$name.$format.o"
	done
done
[ "$check" ] || exit 0

status=0
for object in obj/*.o targets/*.o explain/*.o; do
	if [ ! -f "$root/$object" ]; then
		echo "no source makes it: tests/data/$object"
		status=1
	elif ! cmp -s "$object" "$root/$object"; then
		echo "differs from its source: tests/data/$object"
		status=1
	fi
done
for object in "$root"/obj/*.o "$root"/targets/*.o "$root"/explain/*.o; do
	object=${object#"$root"/}
	[ -f "$object" ] || { echo "not committed: tests/data/$object"; status=1; }
done
[ $status != 0 ] || echo "all objects match their sources"
exit $status
