#!/usr/bin/env bash
# Runs a command where Rust can build for other machines: a Debian sid in a folder, with its own
# compiler and the standard libraries and linkers of arm64, s390x and armhf.
#
#   chroot.sh COMMAND...     in the tree's root, which is at /tree there; cargo's registry is the host's
#   RENEW=1 chroot.sh ...    makes the folder anew
#
# The folder is made once, in some three minutes (800 MB), and kept in $RELOCORE_CACHE. Needs root and
# debootstrap. Nothing of the host is changed; what a build writes goes to $RELOCORE_CACHE/target.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/debian.sh"
tree=$(cd "$here/../.." && pwd)
root=$CACHE/sid

make() {
  local half=$root.half
  command -v debootstrap >/dev/null || die "debootstrap is not installed"
  say "making a Debian sid in $root"
  rm -rf "$half"
  debootstrap --variant=minbase --keyring="$KEYRING" sid "$half" "$(mirror)" >"$CACHE/debootstrap.log" 2>&1 ||
    die "debootstrap failed: $(tail -1 "$CACHE/debootstrap.log")"
  # As in debian.sh: a mirror that lags behind still serves, what it serves is signed.
  echo 'Acquire::Check-Valid-Until "false"; Acquire::Languages "none"; Acquire::Retries "3";' >"$half/etc/apt/apt.conf.d/90relocore"
  local arch
  for arch in arm64 s390x armhf; do chroot "$half" dpkg --add-architecture "$arch"; done
  chroot "$half" apt-get -qq update || say "not all of sid's index is there"
  DEBIAN_FRONTEND=noninteractive chroot "$half" apt-get -qq -y --no-install-recommends install \
    rustc cargo gcc libc6-dev libstd-rust-dev \
    libstd-rust-dev:arm64 libc6-dev:arm64 gcc-aarch64-linux-gnu \
    libstd-rust-dev:s390x libc6-dev:s390x gcc-s390x-linux-gnu \
    libstd-rust-dev:armhf libc6-dev:armhf gcc-arm-linux-gnueabihf >"$CACHE/chroot.log" 2>&1 ||
    die "the packages could not be installed: $(tail -1 "$CACHE/chroot.log")"
  chroot "$half" apt-get clean
  rm -rf "$root"
  mv "$half" "$root"
}

mkdir -p "$CACHE/target"
if [ ! -d "$root" ] || [ -n "${RENEW:-}" ]; then make; fi
registry=${CARGO_HOME:-$HOME/.cargo}
mkdir -p "$root/tree" "$root/target" "$root/cargo/registry" "$registry/registry"
# A mount namespace of its own: it ends with the command, and no mount stays behind.
exec unshare --mount --propagation private sh -c '
  root=$1 tree=$2 target=$3 registry=$4
  shift 4
  mount --bind "$tree" "$root/tree"
  mount --bind "$target" "$root/target"
  mount --bind "$registry" "$root/cargo/registry"
  mount -t proc proc "$root/proc"
  mount --bind /dev "$root/dev"
  exec chroot "$root" env -i PATH=/usr/bin:/bin HOME=/root LANG=C.UTF-8 CARGO_HOME=/cargo CARGO_TARGET_DIR=/target \
    CARGO_NET_OFFLINE=true CARGO_TERM_COLOR=never \
    CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc \
    CARGO_TARGET_S390X_UNKNOWN_LINUX_GNU_LINKER=s390x-linux-gnu-gcc \
    CARGO_TARGET_ARMV7_UNKNOWN_LINUX_GNUEABIHF_LINKER=arm-linux-gnueabihf-gcc \
    sh -c "cd /tree && exec \"\$@\"" sh "$@"
' sh "$root" "$tree" "$CACHE/target" "$registry/registry" "$@"
