#!/usr/bin/env bash
# Which objects does this machine's kernel take, loaded by libbpf (bpftool) and by relocore?
#
#   tests/loadable.sh [DIR|OBJ]...
#
# Prints a line for each object, both sets, and the difference. Status 1 if libbpf loads one that
# relocore does not. Without arguments the objects of this tree are loaded; those inside the
# packages of a distribution are what it is for. Needs root and bpftool; pins go to a BPF file
# system in a mount namespace that ends with the script. RELOCORE names the command to test, by
# default the one that is built here first.
set -euo pipefail

if [ "$(id -u)" != 0 ]; then
  echo "SKIP loadable: not root"
  exit 0
fi
if ! command -v bpftool >/dev/null; then
  echo "SKIP loadable: no bpftool"
  exit 0
fi
if [ "${LOADABLE_NAMESPACE:-}" != own ]; then
  here=$(dirname "$0")
  if [ -z "${RELOCORE:-}" ]; then
    cargo build --quiet --manifest-path "$here/../Cargo.toml" -p relocore-cli
    RELOCORE=$(cargo metadata --manifest-path "$here/../Cargo.toml" --format-version 1 --no-deps |
      sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/debug/relocore
  fi
  [ $# -gt 0 ] || set -- "$here/data/obj" "$here/../std-loader/tests/bpf"
  export RELOCORE LOADABLE_NAMESPACE=own
  exec unshare --mount "$0" "$@"
fi

scratch=$(mktemp -d)
cleanup() {
  umount "$scratch/pins" 2>/dev/null || true
  rm -rf "$scratch"
}
trap cleanup EXIT
mkdir "$scratch/pins"
if ! mount -t bpf bpf "$scratch/pins" || ! mount -t bpf bpf /sys/fs/bpf; then
  echo "SKIP loadable: no BPF file system can be mounted"
  exit 0
fi

libbpf() { # libbpf OBJ: loads all programs, and lets go of them
  local status=0
  timeout 60 bpftool prog loadall "$1" "$scratch/pins/all" >"$scratch/libbpf" 2>&1 || status=1
  rm -rf "$scratch/pins/all"
  # Maps that the object wants pinned by name.
  find /sys/fs/bpf -mindepth 1 ! -name '*.debug' -delete
  return "$status"
}

relocore() { # relocore OBJ: the same
  timeout 60 "$RELOCORE" load "$1" >"$scratch/relocore" 2>&1
}

both=() libbpf_only=() relocore_only=() neither=0
while IFS= read -r -d '' object; do
  a=no b=no
  ! libbpf "$object" || a=yes
  ! relocore "$object" || b=yes
  printf 'libbpf %-3s  relocore %-3s  %s\n' "$a" "$b" "$object"
  case $a$b in
    yesyes) both+=("$object") ;;
    yesno)
      libbpf_only+=("$object")
      sed 's/^/    /' "$scratch/relocore"
      ;;
    noyes) relocore_only+=("$object") ;;
    nono) neither=$((neither + 1)) ;;
  esac
done < <(find "$@" -name '*.o' -print0 | sort -z)

show() { # show TITLE OBJ...
  local title=$1
  shift
  printf '%s: %d\n' "$title" $#
  [ $# = 0 ] || printf '  %s\n' "$@"
}
echo
printf 'libbpf loads %d, relocore loads %d, neither loads %d\n' \
  $((${#both[@]} + ${#libbpf_only[@]})) $((${#both[@]} + ${#relocore_only[@]})) "$neither"
show 'only libbpf loads' "${libbpf_only[@]}"
show 'only relocore loads' "${relocore_only[@]}"
[ ${#libbpf_only[@]} = 0 ]
