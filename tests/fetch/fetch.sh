#!/usr/bin/env bash
# Real BPF objects, and kernels beside the bundled ones, out of Debian's packages.
#
#   tests/fetch/fetch.sh             the packages and kernels listed below
#   tests/fetch/fetch.sh WHAT...     SUITE:PACKAGE for objects, SUITE:ARCHITECTURE:FLAVOUR for a kernel
#
# Fills $RELOCORE_REAL (default: target/real):
#
#   objects/SUITE/PACKAGE/NAME.bpf.o    what the package's programs carry, byte for byte
#   kernels/SUITE/RELEASE/              vmlinux.btf, modules/NAME.btf
#   packages.tsv                        package, version, SHA-256 of each download
#
# What is there already is not fetched again: delete it to get today's. Each download is checked against
# the suite's signed index. Nothing of the machine's own package state is read or changed, except where
# the archive is: $DEBIAN_MIRROR, or else the first .../debian of its apt sources.
# Exit status: 0 all is there, 1 some is not (each is told), 2 nothing can be fetched here.
set -u -o pipefail
cd "$(dirname "$0")/../.."

OBJECTS=(
  bookworm:libbpf-tools trixie:libbpf-tools sid:libbpf-tools
  trixie:libsystemd-shared sid:libsystemd-shared
  trixie:xdp-tools sid:xdp-tools
  bookworm:libxdp1 trixie:libxdp1 sid:libxdp1
)
KERNELS=(
  bookworm:arm64:cloud-arm64          # 6.1, little-endian, another machine
  trixie-backports:amd64:cloud-amd64  # newer than the bundled ones; its modules repeat types of vmlinux
  sid:s390x:s390x                     # big-endian, types sorted by name
)
MODULES="nf_conntrack overlay veth kvm xfs"

real=${RELOCORE_REAL:-target/real}
mkdir -p "$real"
real=$(cd "$real" && pwd)
work=$(mktemp -d "$real/.fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT

impossible() {
  echo "fetch.sh: nothing can be fetched: $1" >&2
  exit 2
}
for tool in apt-get apt-cache dpkg-deb xz cargo; do
  command -v "$tool" >/dev/null || impossible "$tool is not installed"
done
keys=/usr/share/keyrings/debian-archive-keyring.gpg
[ -r "$keys" ] || impossible "$keys is not there (package debian-archive-keyring)"

mirror() {
  if [ -n "${DEBIAN_MIRROR:-}" ]; then
    echo "$DEBIAN_MIRROR"
  else
    cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | tr -s ' ' '\n' |
      sed -n 's|/*$||; \|://.*/debian$|p' | sort -u | sed -n 1p
  fi
}
archive=$(mirror)
[ -n "$archive" ] || impossible "no Debian archive among the apt sources: set DEBIAN_MIRROR"

# open_suite SUITE ARCHITECTURE: a package index of its own; what apt must be told for it is left in apt=().
open_suite() {
  local state=$work/index-$1-$2 try
  apt=(-qq -o Dir::State="$state" -o Dir::State::status="$state/status" -o Dir::Cache="$state/cache"
    -o Dir::Etc::SourceList="$state/sources.list" -o Dir::Etc::SourceParts=/dev/null
    -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null
    -o APT::Architecture="$2" -o APT::Architectures="$2" -o APT::Sandbox::User=root
    -o APT::Update::Error-Mode=any -o Acquire::Languages=none)
  [ ! -e "$state/ready" ] || return 0
  mkdir -p "$state"/{lists,cache/archives}/partial
  : >"$state/status"
  echo "deb [signed-by=$keys] $archive $1 main" >"$state/sources.list"
  for try in 1 2 3; do
    apt-get "${apt[@]}" update >"$state/log" 2>&1 && touch "$state/ready" && return 0
    sleep "$try"
  done
  echo "fetch.sh: no index of $1 for $2: $(grep -m1 '^E:' "$state/log")" >&2
  return 1
}

# download PACKAGE...: into $work/debs, noted in packages.tsv.
download() {
  local package try deb
  rm -rf "$work/debs"
  mkdir "$work/debs"
  for package in "$@"; do
    for try in 1 2 3; do
      (cd "$work/debs" && apt-get "${apt[@]}" download "$package") >"$work/log" 2>&1 && break
      [ "$try" = 3 ] && { echo "fetch.sh: $package does not download: $(grep -m1 '^E:' "$work/log")" >&2; return 1; }
      sleep "$try"
    done
  done
  for deb in "$work"/debs/*.deb; do
    printf '%s\t%s\t%s\n' "$(dpkg-deb -f "$deb" Package)" "$(dpkg-deb -f "$deb" Version)" \
      "$(sha256sum "$deb" | cut -d ' ' -f 1)" >>"$real/packages.tsv"
  done
}

cut_out() { cargo run --quiet --release -p relocore-tests --bin cut -- "$@"; }

# put DIRECTORY: what was cut out goes to its place, whole or not at all.
put() {
  mkdir -p "$(dirname "$1")" && mv "$work/out" "$1"
}

# objects SUITE PACKAGE
objects() {
  local place=$real/objects/$1/$2
  [ ! -d "$place" ] || return 0
  open_suite "$1" "$(dpkg --print-architecture)" && download "$2" || return 1
  rm -rf "$work/tree" "$work/out"
  dpkg-deb -x "$work"/debs/*.deb "$work/tree" && cut_out objects "$work/tree" "$work/out" && put "$place" || return 1
  echo "$place: $(find "$place" -name '*.o' | wc -l) objects"
}

# kernel SUITE ARCHITECTURE FLAVOUR: the newest of that suite. Since 7.x a kernel is several packages.
kernel() {
  local place image release package module packages=() wanted=('./boot/vmlinu*' './usr/lib/modules/*/vmlinu*')
  for place in "$real/kernels/$1"/*-"$3"; do
    [ ! -d "$place" ] || return 0
  done
  open_suite "$1" "$2" || return 1
  image=$(apt-cache "${apt[@]}" pkgnames linux-image- | grep -E "^linux-image-[0-9][0-9a-z.+~]*(-[0-9]+)?-$3\$" | sort -V | tail -1)
  [ -n "$image" ] || { echo "fetch.sh: $1 has no kernel $3 for $2" >&2; return 1; }
  release=${image#linux-image-}
  for package in "$image" "linux-binary-$release" "linux-modules-$release"; do
    [ -z "$(apt-cache "${apt[@]}" pkgnames "$package" | grep -Fx "$package")" ] || packages+=("$package")
  done
  download "${packages[@]}" || return 1
  for module in $MODULES; do wanted+=("*/$module.ko*"); done
  rm -rf "$work/tree" "$work/out"
  mkdir "$work/tree"
  for package in "$work"/debs/*.deb; do
    # tar complains of each pattern that this package has nothing for.
    dpkg-deb --fsys-tarfile "$package" | tar -x -C "$work/tree" --wildcards "${wanted[@]}" 2>/dev/null
  done
  find "$work/tree" -name '*.ko.xz' -exec xz -d {} +
  place=$real/kernels/$1/$release
  cut_out kernel "$work/tree" "$work/out" && put "$place" || return 1
  echo "$place: $(find "$place/modules" -name '*.btf' | wc -l) modules"
}

[ $# -gt 0 ] || set -- "${OBJECTS[@]}" "${KERNELS[@]}"
status=0
for what in "$@"; do
  IFS=: read -r suite second flavour <<<"$what"
  if [ -n "$flavour" ]; then
    kernel "$suite" "$second" "$flavour"
  else
    objects "$suite" "$second"
  fi || { echo "fetch.sh: FAILED: $what" >&2; status=1; }
done
exit $status
