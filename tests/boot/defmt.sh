#!/usr/bin/env bash
# Decodes the defmt frames of a console with defmt's own tool, and holds what the trace points said of
# each record against the lines that the agent printed of it.
#
#   defmt.sh SYMBOLS LOG     the agent with its symbols; decoded lines go to LOG.defmt
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/debian.sh"
symbols=$1 log=$2
print=$(command -v defmt-print || echo "$CACHE/tools/bin/defmt-print")
if [ ! -x "$print" ]; then
  say "installing defmt-print"
  cargo install --quiet --locked --root "$CACHE/tools" defmt-print
fi
# Text between the frames is no frame: the decoder passes over it.
"$print" -e "$symbols" <"$log" >"$log.defmt"
traced=$(sed -n 's/.* at byte \([0-9]*\): \(Value\|Poison\|Absent\)(\([0-9]*\).*/\1 \2 \3/p' "$log.defmt")
printed=$(tr -d '\r' <"$log" | sed -n 's/.*record [0-9]* insn \([0-9]*\) kind .* \(value\|poison\|absent\) *\([0-9]*\)$/\1 \2 \3/p' |
  awk '{ print $1 * 8, toupper(substr($2, 1, 1)) substr($2, 2), $3 }')
if [ -z "$traced" ] || [ "$(echo "$traced" | tr -s ' ')" != "$(echo "$printed" | tr -s ' ')" ]; then
  say "the trace points' frames differ from the agent's lines: see $log.defmt"
  exit 1
fi
say "$(wc -l <"$log.defmt") frames decoded, of them $(echo "$traced" | wc -l) records, as the agent printed them"
