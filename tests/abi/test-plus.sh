#!/bin/sh
# SPDX-License-Identifier: MIT
# A plugin in C++, with nothing visible but what is said to be: it is opened.
set -u
. "$srcdir/tests/tap.sh"
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT

for compiler in g++ clang++; do
  # Whoever has no such compiler, or one without C++20, writes no plugins with it.
  echo 'int main() {}' | $compiler -std=c++20 -x c++ -o "$work/try" - 2>/dev/null || continue
  rm -f "$work/plus.so"
  warnings=$($compiler -std=c++20 -Wall -Wextra -Wno-missing-field-initializers -O2 -shared -fPIC -fvisibility=hidden \
    -I"$top_srcdir/framework/abi" -o "$work/plus.so" "$top_srcdir/tests/abi/plus.cc" 2>&1)
  if [ -z "$warnings" ]; then ok "$compiler: no warning"; else not_ok "$compiler: no warning" "$warnings"; fi
  out=$("$top_builddir/tests/abi/try-open" "$work/plus.so" 2>&1)
  case $out in 'opened plus 1.0'*) ok "$compiler: it is opened" ;; *) not_ok "$compiler: it is opened" "$out" ;; esac
done
[ "$tests" -gt 0 ] || skip "plugins in C++" "there is no compiler for it"
plan
