# Debian's packages in a state of their own, for the other scripts here: to be sourced.
#
# Enters: a suite and an architecture. Leaves: unpacked packages and kernels in $CACHE. The host's
# own package state is neither read nor changed, but for the address of its archive and its keys:
# every package is checked against the signed index of its suite.
#
#   RELOCORE_CACHE   where all of it is kept (default: ~/.cache/relocore)
#   DEBIAN_MIRROR    the archive, such as http://HOST/debian (default: the one of the host's sources)

CACHE=${RELOCORE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/relocore}
KEYRING=${DEBIAN_KEYRING:-/usr/share/keyrings/debian-archive-keyring.gpg}

say() { printf '%s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# The first archive in the host's sources whose address ends in /debian.
mirror() {
  if [ -n "${DEBIAN_MIRROR:-}" ]; then printf '%s\n' "${DEBIAN_MIRROR%/}"; return; fi
  local archive
  archive=$({
    cat /etc/apt/sources.list.d/*.sources | sed -n 's/^URIs:[[:space:]]*//p' | tr ' ' '\n'
    cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list |
      sed -n 's/^deb[[:space:]]\(\[[^]]*\][[:space:]]*\)\{0,1\}\([^[:space:]]*\).*/\2/p'
  } 2>/dev/null | sed -n 's#/*$##; /\/debian$/{p;q}') || true
  [ -n "$archive" ] || die "no Debian archive in this host's sources: set DEBIAN_MIRROR"
  printf '%s\n' "$archive"
}

# apt SUITE ARCH COMMAND...: apt-get, apt-cache, ... on the state of that suite and architecture.
apt() {
  local suite=$1 arch=$2 state=$CACHE/apt/$1-$2
  shift 2
  if [ ! -d "$state" ]; then
    mkdir -p "$state"/{lists/partial,archives/partial}
    : >"$state/status"
    printf 'deb [signed-by=%s] %s %s main\n' "$KEYRING" "$(mirror)" "$suite" >"$state/sources.list"
  fi
  "$1" -qq -o Dir::State="$state" -o Dir::State::status="$state/status" -o Dir::State::lists="$state/lists" \
    -o Dir::Cache="$state" -o Dir::Cache::archives="$state/archives" \
    -o Dir::Etc::SourceList="$state/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
    -o APT::Architecture="$arch" -o APT::Architectures="$arch" -o APT::Sandbox::User=root \
    -o Acquire::Languages=none -o Acquire::Check-Valid-Until=false "${@:2}"
}

# update SUITE ARCH: the index, unless it is younger than a day. An archive that is being changed
# may be caught between two states; then a state that was whole before still serves, and if there
# is none the index as it lies there, whose signature can't be checked: that is said.
update() {
  local state=$CACHE/apt/$1-$2 try name
  [ -z "$(find "$state/updated" -mtime -1 2>/dev/null)" ] || return 0
  for try in 1 2 3; do
    if apt "$1" "$2" apt-get update 2>"$CACHE/apt.log"; then : >"$state/updated"; return 0; fi
    sleep $((try * 2))
  done
  if [ -e "$state/updated" ]; then say "the index of $1 for $2 is that of $(date -r "$state/updated" +%F)"; return 0; fi
  say "no whole index of $1 for $2 ($(grep -m1 -o 'unexpected size\|404\|[^:]*$' "$CACHE/apt.log")); taken without its signature"
  name=$(mirror)/dists/$1/main/binary-$2/Packages
  /usr/lib/apt/apt-helper -qq -o APT::Sandbox::User=root download-file "$name.xz" "$state/index.xz" >"$CACHE/apt.log" 2>&1 ||
    die "no index of $1 for $2: $(tail -1 "$CACHE/apt.log")"
  name=${name#*//}
  rm -f "$state"/lists/*Release
  xz -dc "$state/index.xz" >"$state/lists/${name//\//_}"
  sed -i 's/^deb \[/deb [trusted=yes /' "$state/sources.list"
}

# unpack SUITE ARCH DIR PACKAGE...: their files in DIR; nothing is installed, no script of theirs is run.
unpack() {
  local suite=$1 arch=$2 dir=$3 debs deb
  shift 3
  debs=$(mktemp -d -p "$CACHE")
  (cd "$debs" && apt "$suite" "$arch" apt-get download "$@") || { rm -rf "$debs"; die "no package $* in $suite for $arch"; }
  mkdir -p "$dir"
  for deb in "$debs"/*.deb; do dpkg -x "$deb" "$dir"; done
  rm -rf "$debs"
}

# newest SUITE ARCH FLAVOUR: name of the newest kernel package.
newest() {
  apt "$1" "$2" apt-cache pkgnames linux-image- | grep -E "^linux-image-[0-9][0-9a-zA-Z.+~-]*-$3\$" |
    grep -Ev -- "-(rt|dbg|unsigned)|image-[^-]*-cloud-arm64-16k" | grep -E "^linux-image-[0-9][0-9A-Za-z.+~]*(-[0-9]+)?-$3\$" | sort -V | tail -1
}

# kernel ID SUITE ARCH FLAVOUR: fetches the newest such kernel into $CACHE/kernels/ID-VERSION, once, and
# prints that folder, which has `vmlinuz` and `config`, and the modules that MODULES names.
kernel() {
  local id=$1 suite=$2 arch=$3 flavour=$4 image packages dir files module
  mkdir -p "$CACHE/kernels"
  update "$suite" "$arch"
  image=$(newest "$suite" "$arch" "$flavour")
  [ -n "$image" ] || die "$suite has no kernel $flavour for $arch"
  dir=$CACHE/kernels/$id-${image#linux-image-}
  if [ ! -s "$dir/vmlinuz" ]; then
    say "fetching $image of $suite"
    # From 7.x on a kernel is several packages.
    packages=$(apt "$suite" "$arch" apt-cache depends "$image" |
      sed -n "s/^ *|\{0,1\}\(Pre\)\{0,1\}Depends: \(linux-\(base\|binary\|modules\)-[0-9].*-$flavour\)\$/\2/p" | sort -u)
    files=$(mktemp -d -p "$CACHE")
    # shellcheck disable=SC2086 # several words on purpose
    unpack "$suite" "$arch" "$files" "$image" $packages
    rm -rf "$dir"
    mkdir -p "$files/kernel/modules"
    find "$files" -path "$files/kernel" -prune -o -type f \( -name 'vmlinuz*' -o -name 'vmlinux-*' \) -exec cp {} "$files/kernel/vmlinuz" \;
    find "$files" -type f -name 'config*' -path '*/boot/*' -exec cp {} "$files/kernel/config" \;
    [ -e "$files/kernel/config" ] || find "$files" -type f -name config -path '*/modules/*' -exec cp {} "$files/kernel/config" \;
    for module in ${MODULES:-veth}; do
      find "$files" -name "$module.ko*" -exec cp {} "$files/kernel/modules/" \;
    done
    [ -s "$files/kernel/vmlinuz" ] || die "no kernel image in $image $packages"
    mv "$files/kernel" "$dir"
    rm -rf "$files"
  fi
  printf '%s\n' "$dir"
}
