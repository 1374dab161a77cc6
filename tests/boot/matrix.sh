#!/usr/bin/env bash
# Boots real kernels with the freestanding agent as their first process, and checks what it says.
#
#   matrix.sh [ID...]            kernels of kernels.txt, default: all; ID-VARIANT runs one variant alone
#   LIMIT=300                    seconds that a machine may take
#   RELOCORE_CACHE=DIR           where kernels and the build chroot are kept (default: ~/.cache/relocore)
#   LOGS=DIR                     where the consoles' output goes (default: target/boot)
#
# Each kernel is booted with one and the same object file in the agent, in these variants:
#   agent    the agent, with the kernel's own BTF
#   no-btf   the same with /sys/kernel/btf hidden: BTF comes from a file of the initramfs   (x86-64)
#   defmt    the agent with the core's trace points as defmt frames on the console           (x86-64)
#   std      the same job by the std loader, as a static binary                              (x86-64)
#   loader   the loader's own tests, with the attach types that this kernel has              (x86-64)
#
# Prints a table; exit status 0 only if all of it is right. Needs qemu-system, cpio, bpftool, python3,
# zstd, lz4, xz; for other machines than x86-64 root and debootstrap too. No KVM: a boot takes 4 to 20
# seconds of one core.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/debian.sh"
tree=$(cd "$here/../.." && pwd)
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$tree/target}
logs=${LOGS:-$CARGO_TARGET_DIR/boot}
mkdir -p "$CACHE" "$logs"
for tool in cpio bpftool python3 zstd lz4 xz gzip; do
  command -v "$tool" >/dev/null || die "$tool is not installed"
done

# agent MACHINE [OPTION]: builds it, once; prints where it is.
declare -A built
agent() {
  local machine=$1 option=${2:-} key="$1${2:-}" where
  where=$CARGO_TARGET_DIR/agent
  if [ -z "${built[$key]:-}" ]; then
    if [ "$machine" = "$(uname -m)" ]; then
      "$here/../agent/build.sh" $option "$machine" >&2
    else
      "$here/chroot.sh" tests/agent/build.sh $option --lax "$machine" >&2
    fi
    built[$key]=1
  fi
  [ "$machine" = "$(uname -m)" ] || where=$CACHE/target/agent
  binary=$where/$machine${option/--/-}/relocore-agent
}

agent_std() {
  [ -n "${built[std]:-}" ] || "$here/../agent/std/build.sh" >&2
  built[std]=1
  binary=$CARGO_TARGET_DIR/agent/std/relocore-agent-std
}

# loader_tests DIR: the loader's tests as static binaries, and what runs them.
loader_tests() {
  local dir=$1 box=$CACHE/busybox test
  if [ ! -x "$box/bin/busybox" ]; then
    update trixie amd64
    unpack trixie amd64 "$box" busybox-static
    [ -x "$box/bin/busybox" ] || { mkdir -p "$box/bin" && cp "$box/usr/bin/busybox" "$box/bin/"; }
  fi
  mkdir -p "$dir/bin" "$dir/tests" "$dir/modules"
  cp "$box/bin/busybox" "$dir/bin/"
  cp "$here/loader.init" "$dir/init"
  chmod +x "$dir/init"
  RUSTFLAGS="-C target-feature=+crt-static" CARGO_TARGET_DIR=$CARGO_TARGET_DIR/agent/build-tests \
    cargo test --release --locked --manifest-path "$tree/Cargo.toml" -p relocore-loader --tests --no-run \
    --target x86_64-unknown-linux-gnu --message-format=json 2>/dev/null >"$dir/messages"
  python3 -c 'import json, sys
for line in sys.stdin:
    one = json.loads(line)
    if one.get("executable") and one["profile"]["test"]:
        print(one["target"]["name"], one["executable"])' <"$dir/messages" | while read -r test binary; do
    strip -o "$dir/tests/$test" "$binary"
  done
  rm "$dir/messages"
}

# modules KERNEL-DIR DIR: its modules, decompressed.
modules() {
  local module
  for module in "$1"/modules/*; do
    case $module in
      *.xz) xz -dc "$module" >"$2/$(basename "$module" .xz)" ;;
      *.zst) zstd -dcq "$module" >"$2/$(basename "$module" .zst)" ;;
      *.ko) cp "$module" "$2/" ;;
    esac
  done
}

# boot MACHINE KERNEL INITRAMFS LOG ARGUMENT...: what the console says, in LOG.
boot() {
  local machine=$1 kernel=$2 initramfs=$3 log=$4 console=ttyS0 command
  shift 4
  case $machine in
    x86_64) command=(qemu-system-x86_64 -cpu max -m 512M) ;;
    aarch64) command=(qemu-system-aarch64 -M virt -cpu max,pauth-impdef=on -m 512M) console=ttyAMA0 ;;
    s390x) command=(qemu-system-s390x -M s390-ccw-virtio -cpu max -m 512M) console=ttysclp0 ;;
  esac
  command -v "${command[0]}" >/dev/null || die "${command[0]} is not installed"
  timeout -k 5 "${LIMIT:-300}" "${command[@]}" -accel tcg -smp 1 -nographic -no-reboot -nic none \
    -kernel "$kernel" -initrd "$initramfs" -append "console=$console panic=-1 loglevel=3 -- $*" \
    </dev/null >"$log" 2>&1 || echo "qemu: status $?" >>"$log"
}

# pack DIR OUT: an initramfs.
pack() { (cd "$1" && find . | cpio -o -H newc --quiet | gzip -1) >"$2"; }

failed=0
rows=$(mktemp)
trap 'rm -rf "$rows" "${files:-$rows}" "${initramfs:-$rows}"' EXIT

# run ID VARIANT MACHINE KERNEL-DIR
run() {
  local id=$1 variant=$2 machine=$3 kernel=$4 log=$logs/$1-$2.log arguments=() endian=el start row
  local -a check
  [ "$machine" != s390x ] || endian=eb
  files=$(mktemp -d)
  case $variant in
    defmt) agent "$machine" --defmt ;;
    std) agent_std ;;
    loader) binary='' ;;
    *) agent "$machine" ;;
  esac
  if [ "$variant" = loader ]; then loader_tests "$files"; else cp "$binary" "$files/init"; fi
  if [ "$variant" = loader ]; then modules "$kernel" "$files/modules"; fi
  cp "$kernel/config" "$files/config"
  if [ "$variant" = no-btf ]; then
    arguments=(mask-btf)
    mkdir "$files/btf"
    cp "$kernel/vmlinux.btf" "$files/btf/vmlinux"
  fi
  initramfs=$files.cpio.gz
  pack "$files" "$initramfs"
  start=$(date +%s%N)
  boot "$machine" "$kernel/vmlinuz" "$initramfs" "$log" "${arguments[@]}"
  local seconds=$((($(date +%s%N) - start) / 100000000))
  rm -rf "$files" "$initramfs"
  if [ "$variant" = defmt ]; then "$here/defmt.sh" "$binary.symbols" "$log" || failed=1; fi
  check=("$here/check.py" "$log" --object "$tree/tests/data/obj/demo.bpf$endian.o" --btf "$kernel/vmlinux.btf" --config "$kernel/config")
  [ "$variant" != std ] || check+=(--std)
  [ "$variant" != loader ] || check=("$here/check_tests.py" "$log")
  row=$(python3 "${check[@]}") || { failed=1; row="$row WRONG"; say "$id $variant is wrong: see $log"; }
  printf '%s\t%s\t%d.%d\t%s\n' "$id" "$variant" $((seconds / 10)) $((seconds % 10)) "$row" >>"$rows"
  say "$(tail -1 "$rows" | tr '\t' ' ')"
}

# What there is to do: a line each, ID VARIANT SUITE ARCH FLAVOUR MACHINE.
work=()
for one in "${@:-}"; do
  before=${#work[@]}
  while read -r id suite arch flavour machine; do
    case $id in '' | '#'*) continue ;; esac
    variants=agent
    [ "$machine" != x86_64 ] || variants="agent no-btf defmt std loader"
    for variant in $variants; do
      case $one in
        '' | "$id" | "$id-$variant") work+=("$id $variant $suite $arch $flavour $machine") ;;
      esac
    done
  done <"$here/kernels.txt"
  [ ${#work[@]} -gt "$before" ] || die "no kernel $one in kernels.txt"
done

for one in "${work[@]}"; do
  read -r id variant suite arch flavour machine <<<"$one"
  folder=$(kernel "$id" "$suite" "$arch" "$flavour")
  [ -s "$folder/vmlinux.btf" ] || python3 "$here/image_btf.py" "$folder/vmlinuz" "$folder/vmlinux.btf"
  run "$id" "$variant" "$machine" "$folder"
done

{
  printf 'kernel\tvariant\tseconds\trelease\tmachine\trelocation us\tstack\tBTF\tanonymous\tpeak\tprograms\tevents\trecords\tprobes\n'
  cat "$rows"
} | column -t -s '	'
exit $failed
