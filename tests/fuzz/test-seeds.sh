#!/bin/bash
# SPDX-License-Identifier: MIT
# Every seed of every fuzz target, in the ordinary build.
. "$top_srcdir/tests/tap.sh"
work=$(mktemp -d "${TMPDIR:-/tmp}/weir-fuzz.XXXXXX")
trap 'rm -rf "$work"' EXIT
if out=$("$top_srcdir/tests/fuzz/seeds.sh" "$work" 2>&1); then ok "seeds"; else not_ok "seeds" "$out"; fi
for folder in "$work"/*/; do
  target=$(basename "$folder")
  if out=$("$top_builddir/tests/fuzz/fuzz_$target" "$folder"* 2>&1); then
    ok "$target: $(find "$folder" -type f | wc -l) seeds"
  else
    not_ok "$target" "$out"
  fi
done
plan
