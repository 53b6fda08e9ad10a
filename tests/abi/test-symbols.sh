#!/bin/sh
# SPDX-License-Identifier: MIT
# Every stage that ships exports one symbol, weir_plugin_v1, as data.
set -u
. "$srcdir/tests/tap.sh"
for file in "$top_builddir"/stages/*.so; do
  [ -e "$file" ] || continue
  name=${file##*/}
  symbols=$(nm -D --defined-only "$file" | sed 's/^[0-9a-f]* //')
  case $symbols in
  [DRV]' weir_plugin_v1') ok "$name" ;;
  *) not_ok "$name" "$symbols" ;;
  esac
done
[ "$tests" -gt 0 ] || not_ok "there are stages" "$top_builddir/stages is empty"
plan
