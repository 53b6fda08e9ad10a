#!/bin/sh
# SPDX-License-Identifier: MIT
# Files of cases: what they find, what is wrong with them, and stages that crash, hang or end the process.
set -u
. "$srcdir/tests/tap.sh"
build=$(cd "$top_builddir" && pwd)
inspect=$build/pipeline-inspect
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 99
TMPDIR=$work/tmp
export TMPDIR
mkdir tmp
# As its user starts it: with a store for the runs of pipelines, and a cache.
unset WEIR_STORE
XDG_CACHE_HOME=$work/cache
export XDG_CACHE_HOME

# try NAME STATUS PATTERN...: runs cases.json; every pattern is in what it prints.
try() {
  name=$1 wanted=$2
  shift 2
  "$inspect" --test cases.json --plugin-path "$build/framework/harness/test-stages/.libs" >out 2>&1
  status=$?
  [ $status -eq "$wanted" ] || { not_ok "$name" "status $status: $(cat out)"; return; }
  for pattern in "$@"; do
    grep -qE -e "$pattern" out || { not_ok "$name" "no \"$pattern\" in: $(cat out)"; return; }
  done
  ok "$name"
}

cat >cases.json <<'END'
{ "use": "probe.pass",
  "in": { "columns": "n:i64, s:utf8?", "rows": [[1, "a"], [2, null]] },
  "cases": [
    { "name": "rows", "out": [{"n": 1, "s": "a"}, {"n": 2}], "metrics": {"rows": 2}, "messages": "that is all" },
    { "name": "their number", "out": {"out": 2} },
    { "name": "columns", "out": {"columns": "n:i64, s:utf8?", "count": 2} },
    { "name": "some of the columns", "out": {"rows": [{"s": "a"}, {"s": null}], "partial": true} },
    { "name": "about", "in": [{"x": 1.0004}], "out": {"rows": [{"x": 1}], "tolerance": 0.001} },
    { "name": "an option", "options": {"limit": 99}, "error": ["limit", "1 to 10"], "code": 3 },
    { "name": "edges", "use": "probe.lengths", "in": {"in": {"edges": [[{"tags": ["a"]}], [{"tags": []}]]}},
      "out": [{"edge": 0, "length": 1}, {"edge": 1, "length": 0}] },
    { "name": "fed by a stage", "in": {"use": "probe.sum", "in": [{"value": 2}, {"value": 3}]}, "out": [{"sum": 5.0}] },
    { "name": "not now", "skip": "it rains" } ] }
END
try "cases that hold" 0 '^ok 1 - probe.pass: rows$' '^ok 9 - .*# SKIP it rains' '^1\.\.9$'

cat >cases.json <<'END'
[ { "use": "probe.pass", "in": [{"n": 1}], "out": [{"n": 2}] },
  { "use": "probe.pass", "in": [{"n": 1}], "out": [{"n": 1}, {"n": 2}] },
  { "use": "probe.pass", "in": [{"n": 1}], "out": {"other": 1} },
  { "use": "probe.pass", "in": [{"n": 1}], "out": [{"m": 1}] },
  { "use": "probe.pass", "in": [{"n": 1}], "error": "no" },
  { "use": "probe.pass", "in": [{"n": 1}], "metrics": {"rows": 2} },
  { "use": "probe.pass", "in": [{"n": 1}], "messages": "hurrah" },
  { "use": "probe.pass", "in": [{"n": 1}], "written": {"a.txt": "x"} },
  { "use": "probe.nothing", "in": [{"n": 1}] },
  { "use": "probe.cut", "in": [{"n": 1}, {"n": 2}] },
  { "use": "probe.offset", "in": [{"value": 1}, {"value": 2}] } ]
END
try "cases that do not hold" 1 '^not ok 1 ' 'row 1, "n": got 1, wanted 2' 'got 1 rows, wanted 2' \
  'row 2, which did not come: \{"n":2\}' 'no output "other"' 'no column "m"' 'done without an error' \
  'metric "rows": got 1, wanted 2' 'did not say "hurrah"' '"a.txt" was not written' 'has no stage "nothing"' \
  'and 1 row a batch, 1 job, row 2 of "out"' 'sliced' '^1\.\.11$'
if grep -q '^ok' out; then not_ok "none of them passes" "$(cat out)"; else ok "none of them passes"; fi

if [ "$SANITIZERS" = no ]; then
  cat >cases.json <<'END'
{ "in": [{"n": 1}], "cases": [
    { "use": "probe.crash" },
    { "use": "probe.leave" },
    { "use": "probe.hang", "seconds": 1, "cuts": [{"rows": 1}] },
    { "use": "probe.pass", "name": "the rest goes on", "out": 1 } ] }
END
  try "a crash, an exit, a hang" 1 '^not ok 1 - probe.crash' 'crashed \(signal 6' 'probe.crash\) crashed in process\(\)' \
    '^not ok 2 - probe.leave' 'ended the process' '^not ok 3 - probe.hang' '^ok 4 - probe.pass: the rest goes on' '^1\.\.4$'
fi
if [ -z "$(ls tmp)" ]; then ok "nothing is left behind"; else not_ok "nothing is left behind" "$(find tmp | head)"; fi

cat >cases.json <<'END'
[ { "use": "faulty.changing" }, { "use": "faulty.tidy", "in": [{"n": 1}] } ]
END
try "every run runs the stage" 1 '^not ok 1 - faulty.changing' 'row 1 of "out" is' '^ok 2 '
if [ ! -e runs ] && [ ! -e cache ]; then ok "no store and no cache is touched"; else not_ok "no store and no cache is touched" "$(find runs cache)"; fi

"$inspect" --test cases.json --only nosuch >out 2>&1
if [ $? -eq 2 ] && grep -q '"nosuch" in its name; valid: "faulty.changing: case 1"' out; then ok "no case of this name"; else not_ok "no case of this name" "$(cat out)"; fi

cat >cases.json <<'END'
{ "use": "faulty.loud", "in": [{"n": 1}], "cuts": [{"rows": 1}],
  "cases": [ { "name": "first" }, { "name": "second" } ] }
END
"$inspect" --test cases.json --plugin-path "$build/framework/harness/test-stages/.libs" >out 2>err
if [ $? -eq 0 ] && [ "$(grep -c '^ok' out)" -eq 2 ]; then ok "each case has a process of its own"; else not_ok "each case has a process of its own" "$(cat out)"; fi
if ! grep -q 'no test' out && grep -q 'no test' err; then ok "what a stage prints is no part of the report"; else not_ok "what a stage prints is no part of the report" "$(cat out err)"; fi

cat >cases.json <<'END'
{ "cases": [
  { "use": "probe.pass", "inn": [] },
  { "in": [] },
  { "use": "probe.pass", "in": [1] },
  { "use": "probe.pass", "in": "x" },
  { "use": "probe.pass", "out": "x" },
  { "use": "probe.pass", "files": {"../x": "a"} },
  { "use": "probe.pass", "in": {"in": {"rows": [], "colums": "n:i64"}} },
  { "use": "probe.pass", "cuts": [{"rows": 1, "late": 1}] } ] }
END
try "mistakes in the file, all at once" 2 'cases.json:2:.*unknown key "inn" in a case; did you mean "in"' \
  'cases.json:3:.*no "use"' 'cases.json:4:.*a row must be a map' 'cases.json:5:' 'cases.json:6:' 'cases.json:7:.*not within' \
  'cases.json:8:.*unknown key "colums" in an input; did you mean "columns"' 'cases.json:9:.*late must be a boolean'
# The example of the manual page, as it stands there.
sed -n '/^{ "use"/,/^\.RE/{s/\\e/\\/g;/^\.RE/q;p;}' "$top_srcdir/man/weir-cases.5" >cases.json
"$inspect" --test cases.json >out 2>&1 && grep -q '^1\.\.3$' out
if [ $? -eq 0 ]; then ok "the example of weir-cases(5)"; else not_ok "the example of weir-cases(5)" "$(cat out)"; fi
rm cases.json
try "a file that is not there" 2 'cases.json'
plan
