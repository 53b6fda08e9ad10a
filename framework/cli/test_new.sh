#!/bin/bash
# SPDX-License-Identifier: MIT
# What pipeline-inspect --new writes: builds without warnings, passes its test, and is short.
. "$top_srcdir/tests/tap.sh"
work=$(mktemp -d "${TMPDIR:-/tmp}/weir-new.XXXXXX")
trap 'rm -rf "$work"' EXIT
build=$(cd "$top_builddir" && pwd)
include=$(cd "$top_srcdir" && pwd)/framework/abi
cd "$work" || exit 99
inspect=$build/pipeline-inspect
unset MAKEFLAGS MFLAGS MAKELEVEL

for kind in transform source sink; do
  name=my-$kind
  if out=$("$inspect" --new $name $kind 2>&1); then ok "$kind: written"; else not_ok "$kind: written" "$out"; fi
  got=$(cd $name && ls | tr '\n' ' ')
  if [ "$got" = "Makefile cases.json my-$kind.c weir-my-$kind.7 " ]; then ok "$kind: its files"; else not_ok "$kind: its files" "$got"; fi
  if left=$(grep -rn '@[A-Z_]*@' $name); then not_ok "$kind: nothing of the template is left" "$left"; else ok "$kind: nothing of the template is left"; fi
  for compiler in "${CC##* }" clang; do
    command -v $compiler >/dev/null || { skip "$kind: $compiler" "it is not installed"; continue; }
    out=$(make -s -C $name -B CC=$compiler WEIR_CFLAGS="-I$include -Werror" INSPECT="$inspect" 2>&1)
    if [ -z "$out" ] && [ -f $name/$name.so ]; then ok "$kind: $compiler has nothing to say"; else not_ok "$kind: $compiler has nothing to say" "$out"; fi
  done
  out=$(make -s -C $name check WEIR_CFLAGS="-I$include" INSPECT="$inspect" 2>&1)
  if [ $? = 0 ] && ! grep -q '^not ok' <<<"$out"; then ok "$kind: its test passes"; else not_ok "$kind: its test passes" "$out"; fi
  out=$(mandoc -T lint -W warning $name/weir-$name.7 2>&1 | grep -v 'referenced manual not found\|missing date')
  if [ -z "$out" ]; then ok "$kind: its page"; else not_ok "$kind: its page" "$out"; fi
done
lines=$(wc -l <my-transform/my-transform.c)
if [ "$lines" -le 40 ]; then ok "the transform has $lines lines"; else not_ok "the transform has $lines lines, 40 are allowed"; fi

# The test can fail.
sed -i "s/- 32/- 31/" my-transform/my-transform.c
if out=$(make -s -C my-transform check WEIR_CFLAGS="-I$include" INSPECT="$inspect" 2>&1); then not_ok "a mistake is found" "$out"; else ok "a mistake is found"; fi

# refuses NAME PATTERN ARGUMENT...
refuses() {
  local name=$1 pattern=$2 out code
  shift 2
  out=$("$inspect" "$@" 2>&1)
  code=$?
  if [ $code = 2 ] && grep -q -- "$pattern" <<<"$out"; then ok "$name"; else not_ok "$name" "$code: $out"; fi
}
before=$(ls)
refuses "a folder that is there" 'is there already' --new my-sink sink
refuses "no kind" 'needs a name and a kind' --new other
refuses "an unknown kind" 'did you mean "sink"' --new other sinc
refuses "a bad name" 'is no name for a plugin' --new Other sink
refuses "the name of a plugin that ships" 'there is a plugin "file" already' --new file transform
refuses "a name that leads elsewhere" 'is no name for a plugin' --new ../other sink
if [ "$before" = "$(ls)" ]; then ok "nothing was written"; else not_ok "nothing was written" "$(ls)"; fi
plan
