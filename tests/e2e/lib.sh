# SPDX-License-Identifier: MIT
# What the end-to-end tests share: TAP lines, runs of pipelines, and a look at what they left behind.
set -u
run=$top_builddir/pipeline-run
pipelines=$top_srcdir/pipelines
work=$(mktemp -d "${TMPDIR:-/tmp}/weir-e2e.XXXXXX")
log=$(mktemp "${TMPDIR:-/tmp}/weir-e2e.XXXXXX")
trap 'rm -rf "$work" "$log"' EXIT
cd "$work" || exit 99
count=0

# A TAP line: result 0 is ok.
result() {
  count=$((count + 1))
  if [ "$1" -eq 0 ]; then echo "ok $count - $2"; else echo "not ok $count - $2"; fi
}

# check NAME COMMAND...: the command succeeds.
check() {
  local name=$1
  shift
  "$@" >"$log" 2>&1
  local code=$?
  result $code "$name"
  [ $code -eq 0 ] || sed 's/^/# /' "$log"
}

# runs CODE NAME ARGUMENTS...: pipeline-run ends with this code; its messages are then in the file `messages`.
runs() {
  local want=$1 name=$2
  shift 2
  "$run" "$@" >messages 2>&1 </dev/null
  local code=$?
  [ $code -eq "$want" ]
  result $? "$name ends with $want"
  [ $code -eq "$want" ] || { echo "# ended with $code"; sed 's/^/# /' messages; }
}

# says NAME PATTERN...: each pattern (grep -E) is in the messages.
says() {
  local name=$1 pattern missing=0
  shift
  for pattern; do
    grep -Eq -- "$pattern" messages || { missing=1; echo "# not said: $pattern"; }
  done
  result $missing "$name"
  [ $missing -eq 0 ] || sed 's/^/# /' messages
}

# clean NAME FOLDER: nothing is there, or nothing but whole files: no temporary name, no empty file.
clean() {
  local left=
  [ ! -e "$2" ] || left=$(find "$2" \( -name '.*.tmp' -o -type f -empty \) -print)
  [ -z "$left" ]
  result $? "$1"
  [ -z "$left" ] || echo "# left: $left"
}

# absent NAME PATH...: none of them is there.
absent() {
  local name=$1 path found=0
  shift
  for path; do [ ! -e "$path" ] || { found=1; echo "# is there: $path"; }; done
  result $found "$name"
}

finish() {
  echo "1..$count"
}
