#!/bin/sh
# SPDX-License-Identifier: MIT
# Tests of the manual pages: they are well formed, say all flags, and there is one for every plugin.
n=0
ok() {
  n=$((n + 1))
  if [ "$2" -eq 0 ]; then echo "ok $n - $1"; else echo "not ok $n - $1"; fi
}

# pages FOLDER...: those of the sections that we have.
pages=$(ls "$top_srcdir"/man/*.[157] "$top_builddir"/man/*.[157] 2>/dev/null | sort -u)
for page in $pages; do
  name=$(basename "$page")
  if command -v mandoc >/dev/null; then
    report=$(mandoc -Tlint -Wwarning "$page")
    result=$?
    [ -z "$report" ] || echo "$report" | sed 's/^/# /'
    ok "$name is well formed" $result
  else
    n=$((n + 1))
    echo "ok $n - $name is well formed # SKIP mandoc is not installed"
  fi
  grep -q '^@' "$page"
  ok "$name is filled in" $((1 - $?))
done

for command in pipeline-run pipeline-inspect; do
  for flag in $("$top_builddir/$command" --help | sed -n 's/^  \(-., \)\{0,1\}\(--[a-z-]*\).*/\2/p'); do
    escaped=$(echo "$flag" | sed 's/-/\\\\-/g')
    sed -n '/^\.SH OPTIONS/,/^\.SH [^O]/p' "$top_srcdir/man/$command.1" | sed -n '/^\.TP/{n;p;}' |
      grep -q -e "^\.B.*$escaped\([^a-z\\\\]\|\$\)"
    ok "$command.1 explains $flag" $?
  done
  for flag in $(sed -n 's/^\.B[IR]* .*\(\\-\\-[a-z\\-]*\).*/\1/p' "$top_srcdir/man/$command.1" | sed 's/\\//g' | sort -u); do
    case $flag in --name | --no-name) continue ;; esac
    "$top_builddir/$command" --help | grep -q -e " $flag"
    ok "$command has the $flag that its page explains" $?
  done
done

for plugin in "$top_builddir"/stages/*.so; do
  name=$(basename "$plugin" .so)
  [ -f "$top_builddir/man/weir-$name.7" ]
  ok "plugin $name has a page" $?
  for use in $("$top_builddir/pipeline-inspect" --unsafe-plugins --json "$plugin" | sed -n 's/.*"use": "\(.*\)".*/\1/p'); do
    grep -q "^\.SS $(echo "$use" | sed 's/-/\\\\-/g')\$" "$top_builddir/man/weir-$name.7"
    ok "weir-$name.7 has $use" $?
  done
done
echo "1..$n"
