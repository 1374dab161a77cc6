#!/usr/bin/env bash
# Builds the agent for a machine, checks its size, and says what each part costs.
#
#   build.sh [--defmt] [--lax] [x86_64 | aarch64 | s390x]   default: x86_64
#
# The binary is TARGET_DIR/agent/MACHINE[-defmt]/relocore-agent, stripped; the folder's other file, with
# symbols, is what a defmt decoder wants. --lax: over budget is no failure.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

# The budget, in bytes: the stripped file without the embedded object, and all memory of its own.
most_file=65536
most_memory=131072

features='' lax='' machine=x86_64 suffix=''
for argument; do
  case $argument in
    --defmt) features='--features defmt' suffix=-defmt lax=yes ;;
    --lax) lax=yes ;;
    *) machine=$argument ;;
  esac
done
target=$machine-unknown-linux-gnu
out=${CARGO_TARGET_DIR:-../../target}/agent
mkdir -p "$out"
out=$(cd "$out" && pwd)

flags="-C link-arg=-nostartfiles -C link-arg=-nostdlib -C link-arg=-static -C relocation-model=static"
flags+=" -C link-arg=-T$PWD/agent.ld -C link-arg=-Wl,--build-id=none -C force-unwind-tables=no"
[ -z "$features" ] || flags+=" -C link-arg=-Tdefmt.x"
DEFMT_LOG=trace RUSTFLAGS=$flags CARGO_TARGET_DIR=$out/build$suffix \
  cargo build --release --quiet --locked --target "$target" $features
built=$out/build$suffix/$target/release/relocore-agent
place=$out/$machine$suffix
mkdir -p "$place"
cp "$built" "$place/relocore-agent.symbols"
strip=$(command -v llvm-strip-19 || command -v llvm-strip || command -v "$machine-linux-gnu-strip" || command -v strip)
"$strip" --strip-all -o "$place/relocore-agent" "$place/relocore-agent.symbols"

# What `size -A` of section names and bytes says.
section() { size -A "$place/relocore-agent.symbols" | awk -v name="$1" '$1 == name { print $2 }'; }
constant() { sed -n "s/^pub const $2: usize = \([0-9]*\)\( << \([0-9]*\)\)\{0,1\};.*/\1 \3/p" "src/$1.rs" | awk '{ print $1 * 2 ^ $2 }'; }
object=$(section .object)
file=$(($(wc -c <"$place/relocore-agent") - object))
pages=$(($(constant pager PAGES) * 4096))
memory=$(($(section .bss) + $(section .data) + pages))
printf 'agent %s%s: %s bytes without the object of %s (at most %s); memory %s bytes: %s stack, %s pages of BTF, %s rest (at most %s)\n' \
  "$machine" "$suffix" "$file" "$object" "$most_file" "$memory" "$(constant stack BYTES)" "$pages" \
  $((memory - pages - $(constant stack BYTES))) "$most_memory"
printf '  code %s, constants %s, variables %s\n' "$(section .text)" "$(section .rodata)" "$(section .data)"
status=0
if [ "$file" -gt "$most_file" ] && [ -z "$lax" ]; then echo "the agent's file is over its budget" >&2; status=1; fi
if [ "$memory" -gt "$most_memory" ]; then echo "the agent's memory is over its budget" >&2; status=1; fi
exit $status
