#!/bin/sh
# The differential matrix: real objects and our own on all kernels, relocated by us and by libbpf.
#
# Downloads what is missing (fetch/fetch.sh says what and where to), and prints the table. Exit status 0
# only if enough was compared and no difference is unexplained. Needs what the feature `libbpf` needs: a C
# compiler, make, pkg-config, the headers of libelf and zlib.
set -u
cd "$(dirname "$0")/.."
RELOCORE_REAL=${RELOCORE_REAL:-$PWD/target/real}
export RELOCORE_REAL RELOCORE_REAL_REQUIRED=1
tests/fetch/fetch.sh || echo "matrix.sh: not everything could be fetched: the table has what is there" >&2
exec cargo test --release -p relocore-tests --features libbpf --test libbpf matrix -- --nocapture
