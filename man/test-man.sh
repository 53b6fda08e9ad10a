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

# rules FILE: the rules of the contract, a line each, of the page or the header; the words have to be the same.
rules() {
  case $1 in
  *.h) sed -n '/^ \* CONTRACT/,/^ \* PORT TYPES/s/^ \* *//p' "$1" | sed 's/^W[0-9]*\*\{0,1\}  */\n&/; /^PORT TYPES/d' ;;
  *) sed -n '/^\.SH CONTRACT/,/^\.SH VERSIONS/{s/\\-/-/g;s/^\.B //;/^\.TP/s/.*//;/^\.SH/!p;}' "$1" ;;
  esac | awk '/^W[0-9]/ { if (rule) print rule; rule = "" } /^W[0-9]/ || rule { rule = rule " " $0 } END { print rule }' |
    sed 's/  */ /g; s/^ //; s/ $//'
}
header=$(rules "$top_srcdir/framework/abi/weir/plugin.h")
page=$(rules "$top_srcdir/man/weir.7.in")
[ "$(echo "$header" | grep -c '^W[0-9]')" -ge 19 ] && [ "$header" = "$page" ]
result=$?
[ $result -eq 0 ] || { echo "$header" | sed 's/^/# plugin.h: /'; echo "$page" | sed 's/^/# weir.7:   /'; }
ok "weir.7 has the rules of plugin.h" $result

if command -v mandoc >/dev/null; then
  wide=$(mandoc -Tutf8 -O width=80 "$top_builddir/man/weir.7" | sed 's/.\x08//g' | awk 'length > 80')
  [ -z "$wide" ] || echo "$wide" | sed 's/^/# /'
  ok "weir.7 fits into 80 columns" $((${#wide} > 0))
fi

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
