#!/usr/bin/env bash
# The core's tests on other machines than the one at hand: built in a chroot of Debian sid, run under
# qemu-user. Big-endian s390x and 32-bit armhf are where a byte order or a width that was taken for
# granted shows. Optimised, since some tests do a lot.
#
#   hosts.sh [MACHINE...]     default: s390x aarch64 armv7
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
[ $# -gt 0 ] || set -- s390x aarch64 armv7
for machine; do
  case $machine in
    armv7) target=armv7-unknown-linux-gnueabihf ;;
    *) target=$machine-unknown-linux-gnu ;;
  esac
  echo "== core's tests on $machine"
  ./chroot.sh cargo test --release --quiet --locked -p relocore --target "$target"
done
