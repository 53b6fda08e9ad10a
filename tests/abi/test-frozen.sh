#!/bin/sh
# SPDX-License-Identifier: MIT
# Plugins that were built against a released header are opened by this host, and run; and the current header has
# only added to the released ones.
set -u
. "$srcdir/tests/tap.sh"
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
build=$(cd "$top_builddir" && pwd)
source=$(cd "$srcdir" && pwd)
case $SANITIZERS in no) sanitize= ;; *) sanitize=-fsanitize=$SANITIZERS ;; esac

# The same structs with fewer members, and every number that has a name: from the header's text.
# members FILE: "struct member type" and "NAME value" lines, in order.
members() {
  # shellcheck disable=SC2086
  $CC -E -P -I"$1" "$1/weir/plugin.h" >"$work/text" || return 1
  awk '/^(typedef )?struct [A-Za-z_]+ *\{|^struct [A-Za-z_]+ \{/,/^\}/' "$work/text" | tr -s ' \n\t' '  ' |
    sed 's/\(typedef \)*struct \(weir_[a-z_]*\|Arrow[A-Za-z]*\) {/\n\2: /g' | sed -n '/^[A-Za-z_]*: /p' | sed 's/ *}.*//'
  sed -n 's/^#define \(WEIR_[A-Z0-9_]*\) \(.*\)$/\1 \2/p' "$1/weir/plugin.h" |
    grep -E '^WEIR_(MAGIC|NOTE_TYPE|LABELLED_TEXT|TEXT_PAIR|MULTI_LABEL_TEXT|INTERACTION|LLM_OUTCOME|PREDICTION|ARTIFACT|ROW) '
  grep -ohE 'WEIR_[A-Z0-9_]+ = [0-9]+' "$1/weir/plugin.h" "$1/weir/columns.h"
}

members "$source/framework/abi" >"$work/now" || exit 99
for frozen in "$source"/tests/abi/[0-9]*.[0-9]*/; do
  frozen=${frozen%/}
  version=${frozen##*/}
  [ -f "$frozen/weir/plugin.h" ] || continue
  members "$frozen" >"$work/then"
  # Each line of then is the beginning of a line of now.
  gone=$(while IFS= read -r line; do
    awk -v l="$line" 'index($0, l) == 1 { found = 1 } END { exit !found }' "$work/now" || printf '%s\n' "$line"
  done <"$work/then")
  lines=$(wc -l <"$work/then")
  if [ -z "$gone" ] && [ "$lines" -gt 60 ]; then
    ok "$version: the header has only grown"
  else
    not_ok "$version: the header has only grown" "$lines lines; no longer so: $gone"
  fi

  mkdir -p "$work/$version"
  for plugin in upper contract; do
    case $plugin in upper) file=abi/upper.c ;; *) file=contract/contract.c ;; esac
    # shellcheck disable=SC2086
    out=$($CC $sanitize -O2 -Wall -Wextra -shared -fPIC -fvisibility=hidden -I"$frozen" \
      -o "$work/$version/$plugin.so" "$source/tests/$file" 2>&1)
    if [ -z "$out" ] && out=$("$build/tests/abi/try-open" "$work/$version/$plugin.so") &&
      [ "${out#opened "$plugin" 1.0, ABI "$version",}" != "$out" ]; then
      ok "$version: $plugin is opened"
    else
      not_ok "$version: $plugin is opened" "$out"
    fi
  done
  cat >"$work/$version/run.json" <<'END'
{ "weir": 1, "name": "frozen", "stages": {
  "rows": { "use": "contract.rows", "options": { "count": 1000, "batch": 7 } },
  "upper": { "use": "upper.text", "from": "rows" },
  "count": { "use": "contract.count", "from": "upper" } } }
END
  if out=$(cd "$work/$version" && WEIR_PLUGIN_PATH=. "$build/pipeline-run" --run-dir run run.json 2>&1) &&
    grep -q 1000 "$work/$version/run/run.json"; then
    ok "$version: its plugins run"
  else
    not_ok "$version: its plugins run" "$out"
  fi
done
[ "$tests" -gt 0 ] || not_ok "there is a frozen header" "run tests/abi/freeze.sh when the ABI is released"
plan
