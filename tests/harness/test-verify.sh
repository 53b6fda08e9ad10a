#!/bin/sh
# SPDX-License-Identifier: MIT
# Every plugin that ships passes pipeline-inspect --verify, tried with its cases.
set -u
. "$srcdir/tests/tap.sh"
# Thousands of small files: where there is a file system in memory, they go there.
[ -n "${TMPDIR-}" ] || [ ! -w /dev/shm ] || export TMPDIR=/dev/shm
report=$(mktemp) || exit 99
trap 'rm -f "$report"' EXIT

for plugin in "$top_builddir"/stages/*.so; do
  name=$(basename "$plugin" .so)
  cases=
  for file in "$top_srcdir/plugins/$name"/*cases*.json; do
    [ -f "$file" ] && cases=${cases:+$cases:}$file
  done
  "$top_builddir/pipeline-inspect" --verify "$plugin" ${cases:+--with "$cases"} >"$report" 2>&1
  status=$?
  if [ $status -ne 0 ]; then
    not_ok "$name is verified" "$(grep -B1 -A12 '^[a-z].*\.\|FAILED' "$report" | grep -v '^  ok ' | head -60)"
  elif grep -q 'not tried *V02' "$report"; then
    not_ok "$name is verified" "the first case that is to succeed must run as it is: $(grep -B1 -A2 'not tried *V02' "$report")"
  else
    ok "$name is verified: $(tail -n 1 "$report" | sed 's/.*so: //')"
  fi
done
plan
