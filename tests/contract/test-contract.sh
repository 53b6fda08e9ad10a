#!/bin/sh
# SPDX-License-Identifier: MIT
# Each rule of the plugin contract, broken by a stage on purpose: the run fails, and the message names the rule.
set -u
. "$srcdir/tests/tap.sh"
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
top_builddir_absolute=$(cd "$top_builddir" && pwd)
run=$top_builddir_absolute/pipeline-run
WEIR_PLUGIN_PATH=$top_builddir_absolute/tests/contract/.libs
WEIR_DEVELOPER=1
export WEIR_PLUGIN_PATH WEIR_DEVELOPER
cd "$work" || exit 99

# pipeline RULE: rows through the class if it has an input, or from it; into a sink.
pipeline() {
  case $1 in
  crash | mixed | missing | w01 | w02 | w03 | w04 | w05 | w11) from='"rows": { "use": "contract.rows" },' input=', "from": "rows"' ;;
  *) from='' input='' ;;
  esac
  printf '{ "weir": 1, "name": "%s", "stages": { %s "it": { "use": "contract.%s"%s },
    "count": { "use": "contract.count", "from": "it" } } }\n' "$1" "$from" "$1" "$input" >"$1.json"
}

cat >good.json <<'END'
{ "weir": 1, "name": "good", "stages": {
  "rows": { "use": "contract.rows", "options": { "count": 1000, "batch": 7 } },
  "count": { "use": "contract.count", "from": "rows" } } }
END
if out=$("$run" --run-dir good good.json 2>&1) && grep -q '"rows"' good/run.json && grep -q '1000' good/run.json; then
  ok "a stage that keeps the rules"
else
  not_ok "a stage that keeps the rules" "$out"
fi

for rule in 01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 18; do
  pipeline w$rule
  out=$("$run" --run-dir w$rule w$rule.json 2>&1)
  status=$?
  if [ $status -eq 1 ] && printf '%s' "$out" | grep -q "rule W$rule of the plugin contract is broken" &&
    [ "$(printf '%s' "$out" | grep -c 'of the plugin contract is broken')" -eq 1 ]; then
    ok "W$rule is named, once"
  else
    not_ok "W$rule is named, once" "status $status: $out"
  fi
done

# A table is released when its reader has ended, while there is still somebody to tell.
sed 's/contract\.count/contract.keep/' w09.json >w09-table.json
out=$("$run" --run-dir w09-table w09-table.json 2>&1)
status=$?
if [ $status -eq 1 ] && printf '%s' "$out" | grep -q "rule W09 of the plugin contract is broken"; then
  ok "W09 is named for a table, too"
else
  not_ok "W09 is named for a table, too" "status $status: $out"
fi

# A crash is laid at the stage's door; a sanitizer has a report of its own.
if [ "$SANITIZERS" = no ]; then
  pipeline crash
  out=$("$run" --run-dir crash crash.json 2>&1)
  status=$?
  if [ $status -eq 139 ] && printf '%s' "$out" | grep -q 'stage "it" (contract.crash) crashed in process(): signal 11'; then
    ok "a crash names the stage"
  else
    not_ok "a crash names the stage" "status $status: $out"
  fi
fi

# What a spill is for, and what it is not.
for forget in false true; do
  cat >reverse.json <<END
{ "weir": 1, "name": "reverse", "stages": {
  "rows": { "use": "contract.rows", "options": { "count": 1000, "batch": 7 } },
  "reverse": { "use": "contract.reverse", "from": "rows", "options": { "forget": $forget } },
  "again": { "use": "contract.reverse", "from": "reverse" },
  "write": { "use": "file.write", "from": "again", "options": { "path": "again.jsonl" } },
  "write-reversed": { "use": "file.write", "from": "reverse", "options": { "path": "reversed.jsonl" } },
  "write-rows": { "use": "file.write", "from": "rows", "options": { "path": "rows.jsonl" } } } }
END
  if out=$(WEIR_PLUGIN_PATH=$WEIR_PLUGIN_PATH:$top_builddir_absolute/stages "$run" --run-dir reverse-$forget reverse.json 2>&1) &&
    cmp rows.jsonl again.jsonl && tac reversed.jsonl | cmp - rows.jsonl &&
    [ -z "$(find reverse-$forget -name '.spill*')" ]; then
    ok "rows come back from a spill (forgotten: $forget)"
  else
    not_ok "rows come back from a spill (forgotten: $forget)" "$out"
  fi
done
for how in early late twice beyond row; do
  pipeline w20
  out=$("$run" --run-dir w20-$how --set "it.how=$how" w20.json 2>&1)
  status=$?
  if [ $status -eq 1 ] && printf '%s' "$out" | grep -q "rule W20 of the plugin contract is broken" &&
    [ "$(printf '%s' "$out" | grep -c 'of the plugin contract is broken')" -eq 1 ]; then
    ok "W20 is named, once ($how)"
  else
    not_ok "W20 is named, once ($how)" "status $status: $out"
  fi
done

for how in mixed missing; do
  pipeline $how
  out=$("$run" --run-dir $how $how.json 2>&1)
  status=$?
  if [ $status -eq 1 ] && printf '%s' "$out" | grep -q "rule W05 of the plugin contract is broken: weir_arrange()"; then
    ok "W05 is named for what cannot be arranged ($how)"
  else
    not_ok "W05 is named for what cannot be arranged ($how)" "status $status: $out"
  fi
done

# How many rows a table has while it is filled would depend on the time.
sed 's/contract\.count/contract.early/' good.json >w05-table.json
out=$("$run" --run-dir w05-table w05-table.json 2>&1)
status=$?
if [ $status -eq 1 ] && printf '%s' "$out" | grep -q "rule W05 of the plugin contract is broken"; then
  ok "W05 is named for a table that is not whole"
else
  not_ok "W05 is named for a table that is not whole" "status $status: $out"
fi
plan
