# SPDX-License-Identifier: MIT
# What the end-to-end tests share: runs of pipelines, and a look at what they said and left behind.
# shellcheck shell=bash
set -u
. "$top_srcdir/tests/tap.sh"
run=$top_builddir/pipeline-run
pipelines=$top_srcdir/pipelines
work=$(mktemp -d "${TMPDIR:-/tmp}/weir-e2e.XXXXXX")
log=$(mktemp "${TMPDIR:-/tmp}/weir-e2e.XXXXXX")
trap 'rm -rf "$work" "$log"' EXIT
cd "$work" || exit 99

# check NAME COMMAND...: the command succeeds.
check() {
  local name=$1
  shift
  if "$@" >"$log" 2>&1; then ok "$name"; else not_ok "$name" "$(cat "$log")"; fi
}

# runs CODE NAME ARGUMENTS...: pipeline-run ends with this code; its messages are then in the file `messages`.
runs() {
  local want=$1 name="$2 ends with $1" code
  shift 2
  "$run" "$@" >messages 2>&1 </dev/null
  code=$?
  if [ $code -eq "$want" ]; then ok "$name"; else not_ok "$name" "ended with $code: $(cat messages)"; fi
}

# says NAME PATTERN...: each pattern (grep -E) is in the messages.
says() {
  local name=$1 pattern missing=
  shift
  for pattern; do grep -Eq -- "$pattern" messages || missing+="not said: $pattern"$'\n'; done
  if [ -z "$missing" ]; then ok "$name"; else not_ok "$name" "$missing$(cat messages)"; fi
}

# clean NAME FOLDER: no file or folder under a temporary name is there.
clean() {
  local left=
  [ ! -e "$2" ] || left=$(find "$2" -name '.*.tmp' -print)
  if [ -z "$left" ]; then ok "$1"; else not_ok "$1" "$left"; fi
}

# absent NAME PATH...: none of them is there.
absent() {
  local name=$1 path found=
  shift
  for path; do [ ! -e "$path" ] || found+="$path "; done
  if [ -z "$found" ]; then ok "$name"; else not_ok "$name" "is there: $found"; fi
}
