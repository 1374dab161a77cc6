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
      "$here/../agent/build.sh" $option ${LAX:+--lax} "$machine" >&2
    else
      "$here/chroot.sh" tests/agent/build.sh $option --lax "$machine" >&2
    fi
    built[$key]=1
  fi
  [ "$machine" = "$(uname -m)" ] || where=$CACHE/target/agent
  binary=$where/$machine${option/--/-}/relocore-agent
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
trap 'rm -rf "$rows" "${files:-}"' EXIT

# run ID VARIANT MACHINE KERNEL-DIR
run() {
  local id=$1 variant=$2 machine=$3 kernel=$4 log=$logs/$1-$2.log arguments=() endian=el start row
  local -a check
  [ "$machine" != s390x ] || endian=eb
  files=$(mktemp -d)
  case $variant in
    defmt) agent "$machine" --defmt ;;
    std) agent_std ;;
    *) agent "$machine" ;;
  esac
  cp "$binary" "$files/init"
  cp "$kernel/config" "$files/config"
  if [ "$variant" = no-btf ]; then
    arguments=(mask-btf)
    mkdir "$files/btf"
    cp "$kernel/vmlinux.btf" "$files/btf/vmlinux"
  fi
  pack "$files" "$files/initramfs"
  start=$(date +%s%N)
  boot "$machine" "$kernel/vmlinuz" "$files/initramfs" "$log" "${arguments[@]}"
  local seconds=$((($(date +%s%N) - start) / 100000000))
  rm -rf "$files"
  if [ "$variant" = defmt ]; then "$here/defmt.sh" "$binary.symbols" "$log" || failed=1; fi
  check=("$here/check.py" "$log" --object "$tree/tests/data/obj/demo.bpf$endian.o" --btf "$kernel/vmlinux.btf" --config "$kernel/config")
  row=$(python3 "${check[@]}") || { failed=1; row="$row WRONG"; say "$id $variant is wrong: see $log"; }
  printf '%s\t%s\t%d.%d\t%s\n' "$id" "$variant" $((seconds / 10)) $((seconds % 10)) "$row" >>"$rows"
  say "$(tail -1 "$rows" | tr '\t' ' ')"
}

wanted() { # ID VARIANT: was it asked for?
  [ ${#asked[@]} -gt 0 ] || return 0
  local one
  for one in "${asked[@]}"; do case $one in "$1" | "$1-$2") return 0 ;; esac; done
  return 1
}

asked=("$@")
for one in "${asked[@]}"; do
  grep -Eq "^${one%-@(agent|no-btf|defmt|std)} |^${one%-*} |^${one%-no-btf} " "$here/kernels.txt" || die "no kernel $one in kernels.txt"
done
while read -r id suite arch flavour machine; do
  case $id in '' | '#'*) continue ;; esac
  variants=agent
  [ "$machine" != x86_64 ] || variants="agent no-btf defmt std"
  for variant in $variants; do
    wanted "$id" "$variant" || continue
    folder=$(kernel "$id" "$suite" "$arch" "$flavour")
    [ -s "$folder/vmlinux.btf" ] || python3 "$here/image_btf.py" "$folder/vmlinuz" "$folder/vmlinux.btf"
    run "$id" "$variant" "$machine" "$folder"
  done
done <"$here/kernels.txt"

{
  printf 'kernel\tvariant\tseconds\trelease\tmachine\trelocation us\tstack\tBTF\tanonymous\tprograms\tevents\trecords\tprobes\n'
  cat "$rows"
} | column -t -s '	'
exit $failed
