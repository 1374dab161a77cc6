#!/usr/bin/env bash
# Runs every fuzz target for SECONDS (default 60), as many at once as there are processors, and
# prints what came of it. `fuzz/run-all.sh 1800 btf_parse patch` runs two of them for half an hour.
#
#   JOBS=1           how many at once
#   SANITIZER=none   faster, and without nightly if RUSTC_BOOTSTRAP=1 is set (default: address)
#
# Logs go to fuzz/logs/TARGET.log, what is found to fuzz/artifacts/TARGET/, what reaches new code
# to fuzz/corpus/TARGET/ (start again from the seeds by removing that). Fails if anything is found.
set -euo pipefail
cd "$(dirname "$0")"
seconds=${1:-60}
shift || true
targets=${*:-$(cargo fuzz list)}
sanitizer=${SANITIZER:-address}
jobs=${JOBS:-$(nproc)}
binaries=${CARGO_TARGET_DIR:-$PWD/target}/x86_64-unknown-linux-gnu/release

mkdir -p logs
cargo fuzz build -s "$sanitizer" 2>logs/build.log || { cat logs/build.log >&2; exit 1; }

run() { # run TARGET
  mkdir -p "corpus/$1" "artifacts/$1"
  local inputs=("corpus/$1")
  for directory in "seeds/$1" "regressions/$1"; do
    if [ -d "$directory" ]; then inputs+=("$directory"); fi
  done
  # What is found ends the target: the first find is to be understood before the next.
  "$binaries/$1" "${inputs[@]}" -max_total_time="$seconds" -timeout=30 -rss_limit_mb=2048 \
    -max_len=65536 -print_final_stats=1 -artifact_prefix="artifacts/$1/" >"logs/$1.log" 2>&1 || true
}

rm -f logs/.start && touch logs/.start
for target in $targets; do
  while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do wait -n || true; done
  run "$target" &
done
wait

found_any=0
row='%-14s %14s %10s %10s %9s %9s %10s\n'
# shellcheck disable=SC2059 # one format for all rows
printf "$row" target executions "a second" coverage features corpus findings
for target in $targets; do
  log=logs/$target.log
  stat() { sed -n "s/^stat::$1: *//p" "$log"; }
  state=$(grep -aE ' cov: [0-9]+' "$log" | tail -1)
  field() { sed -n "s/.* $1: \([^ ]*\).*/\1/p" <<<"$state"; }
  found=$(find "artifacts/$target" -type f -newer logs/.start \
    \( -name 'crash-*' -o -name 'timeout-*' -o -name 'oom-*' -o -name 'leak-*' \) | wc -l)
  # A target that did not even end as it should is a find, too.
  if [ -z "$(stat number_of_executed_units)" ]; then found=$((found + 1)); fi
  found_any=$((found_any + found))
  # shellcheck disable=SC2059
  printf "$row" "$target" "$(stat number_of_executed_units)" "$(stat average_exec_per_sec)" \
    "$(field cov)" "$(field ft)" "$(field corp)" "$found"
done
[ "$found_any" = 0 ] || { echo "see fuzz/logs and fuzz/artifacts" >&2; exit 1; }
