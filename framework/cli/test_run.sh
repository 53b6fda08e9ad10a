#!/bin/sh
# SPDX-License-Identifier: MIT
# Tests of pipeline-run from outside: exit codes, what goes to which stream, JSON lines, errors, signals.
run=$top_builddir/pipeline-run
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
n=0

# ok NAME STATUS: the result of one test.
ok() {
  n=$((n + 1))
  if [ "$2" -eq 0 ]; then echo "ok $n - $1"; else
    echo "not ok $n - $1"
    sed 's/^/# out: /' "$dir/out"
    sed 's/^/# err: /' "$dir/err"
  fi
}

# try ARGUMENT...: runs pipeline-run in $dir; leaves out, err and $code.
try() {
  (cd "$dir" && "$run" "$@" >"$dir/out" 2>"$dir/err" </dev/null)
  code=$?
}

# expect NAME CODE: whether the last try ended so, and each further argument is a grep over "out" or "err".
expect() {
  name=$1 wanted=$2 result=0
  shift 2
  [ "$code" -eq "$wanted" ] || { result=1; echo "# exit code $code, wanted $wanted"; }
  while [ $# -gt 0 ]; do
    grep -q -e "$2" "$dir/$1" || { result=1; echo "# not in $1: $2"; }
    shift 2
  done
  ok "$name" $result
}

mkdir "$dir/plugins"
$CC -std=gnu11 -shared -fPIC -I"$top_srcdir/framework/abi" "$top_srcdir/framework/cli/test_plugin.c" \
  -o "$dir/plugins/display.so" 2>"$dir/err" || { cat "$dir/err"; echo "Bail out! the plugin does not build"; exit 1; }
WEIR_PLUGIN_PATH=$dir/plugins
export WEIR_PLUGIN_PATH
unset WEIR_DEVELOPER

cat >"$dir/p.json" <<'END'
{ "weir": 1,
  "name": "demo",
  "help": "Makes rows and eats them.",
  "parameters": {
    "batches": { "type": "integer", "default": 3, "minimum": 1, "help": "how many batches" },
    "loud":    { "type": "boolean", "default": false, "help": "say something" },
    "pause":   { "type": "duration", "default": "0s", "help": "rest after each batch" } },
  "stages": {
    "make": { "use": "display.rows", "options": { "batches": "${batches}", "pause": "${pause}" } },
    "eat":  { "use": "display.eat", "from": "make" } } }
END

try; expect "no file: usage" 2 err '^usage: pipeline-run FILE'
try --version; expect "version" 0 out '^pipeline-run [0-9]'
try --help; expect "help" 0 out '  --set STAGE.OPTION=VALUE' out '^Exit status'
try p.json --help
expect "help of a pipeline" 0 out 'Makes rows' out '--batches INTEGER  how many batches; at least 1; default: 3' \
  out '--\[no-\]loud'
try nothing.json; expect "a file that is not there" 3 err 'nothing.json'

try p.json --check; expect "check" 0 out '^p.json: fine, 2 stages$'
[ -e "$dir/runs" ]; ok "check makes no run directory" $((1 - $?))
try p.json --check --quiet; [ $code -eq 0 ] && [ ! -s "$dir/out" ]; ok "quiet check prints nothing" $?
try p.json --graph; expect "graph" 0 out '^digraph' out '"make" -> "eat"'
try p.json --plan; python3 -m json.tool "$dir/out" >/dev/null && [ $code -eq 0 ]; ok "plan is JSON" $?
try p.json --plan --graph; expect "two views" 2 err 'only one of'

try p.json
expect "a run" 0 err '^make  started' err '^eat  epoch 3  loss 0.3333  accuracy 0.8333$' \
  err '^demo done in' err 'worked\|bottleneck' err '^  run directory: runs/demo-' err 'eat  eaten 3 batches'
[ ! -s "$dir/out" ]; ok "nothing on stdout" $?
try p.json --batches=5 -q; [ $code -eq 0 ] && [ ! -s "$dir/out" ] && [ ! -s "$dir/err" ]; ok "quiet" $?
try --batches 2 p.json --run-dir here --jobs 1
expect "options before the file, a run directory" 0 err '^  run directory: here$'
[ -f "$dir/here/run.json" ]; ok "the run is recorded there" $?
try p.json --run-dir here; expect "a run directory that is full" 2 err 'here'
grep -c '^error' "$dir/err" | grep -qx 1; ok "said once" $?

try p.json --set eat.fail-at=2
expect "a stage that fails" 1 err '^error: p.json:[0-9]*:[0-9]*: stage "eat" (display.eat): batch 2 cannot be eaten' \
  err '^demo failed in'
grep -q '^  hint: give it less$' "$dir/err"; ok "its hint stands below, indented" $?
grep -q 'ottleneck\| <$' "$dir/err"; ok "no bottleneck of a run that failed" $((1 - $?))
[ "$(grep -c 'cannot be eaten' "$dir/err")" = 1 ]; ok "the error is printed once" $?
try p.json --set eat.exit-at=2
expect "a stage that ends the program" 1 err '^error: stage "eat" (display.eat) ended the whole program in process()' \
  err 'plugin .*display.so'
if [ "$SANITIZERS" = no ]; then # they have a word of their own
  try p.json --set eat.deep-at=2
  expect "a stage that uses up its stack" 139 err '^error: stage "eat" (display.eat) crashed in process(): signal 11'
fi
try p.json --set eat.fail-at=2 -q
[ $code -eq 1 ] && [ "$(grep -c . "$dir/err")" -le 3 ]; ok "quiet: the error only" $?
try p.json --set eat.held-at=1; expect "held" 4 err '^held: .*the gate is closed' err '^demo held in'
SAY=careful try p.json --set 'make.say=${env:SAY}'; expect "a warning" 0 err '^make  warning: careful$'

try p.json --btaches 3; expect "unknown option" 2 err 'unknown option "--btaches"; did you mean "--batches"?'
try p.json --batches; expect "no value" 2 err '--batches needs a value'
try p.json --batches 0; expect "out of range" 2 err 'at least 1'
try p.json --loud false; expect "a value behind a boolean" 2 err 'unexpected word "false"; the value of a boolean is written --loud=false$'
try p.json --loud yes; expect "another word for it" 2 err 'unexpected word "yes"; .* --loud=true$'
try p.json --loud q.json; expect "a second file behind a boolean" 2 err 'unexpected word "q.json"; one pipeline'
try p.json --set eat.fail-at=1 --set make.rows=2 --set eat.fail-at=2
expect "--set of one option twice" 2 err '^error: --set eat.fail-at is given twice$'
try p.json --plugin-path "$dir/nowhere"; expect "a folder of plugins that is not there" 2 err '^error: --plugin-path: there is no folder'
try p.json q.json; expect "two files" 2 err 'unexpected word "q.json"'
try p.json --jobs 0; expect "no jobs" 2 err '--jobs'
try p.json --set nonsense; expect "--set that sets nothing" 2 err 'STAGE.OPTION=VALUE'
try p.json --set eat.fial-at=1; expect "--set of an unknown option" 3 err 'did you mean "fail-at"?'
try p.json --batches 0 --btaches 1 --jobs x
[ $code -eq 2 ] && [ "$(grep -c '^error: ' "$dir/err")" = 3 ]; ok "three mistakes, three errors" $?
sed 's/"batches":/"check":/' "$dir/p.json" >"$dir/clash.json"
try clash.json --check; expect "a parameter with a flag's name" 3 err 'parameter "check" has the name of the flag'
sed 's/display.eat/display.eta/; s/"from": "make"/"form": "make"/' "$dir/p.json" >"$dir/bad.json"
try bad.json --check; expect "an invalid pipeline" 3 err '^bad.json:[0-9]*:[0-9]*: .*did you mean "from"'

try p.json --json --set eat.bad-json=true --batches 2
cat >"$dir/lines.py" <<'END'
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
events = [line["event"] for line in lines]
assert events[0] == sys.argv[2], events
assert events[-1] == "summary" and lines[-1]["code"] == int(sys.argv[3]), lines[-1]
assert all(line["time"].endswith("Z") for line in lines)
for event in sys.argv[4:]:
    assert event in events, event
END
[ $code -eq 0 ] && [ ! -s "$dir/err" ] && python3 "$dir/lines.py" "$dir/out" run-begin 0 stage-state data metric run-end
ok "JSON lines, also where a stage says what is no JSON" $?
try p.json --json --set eat.fail-at=1
[ $code -eq 1 ] && [ ! -s "$dir/err" ] && python3 "$dir/lines.py" "$dir/out" run-begin 1 error
ok "JSON lines of a run that fails" $?
[ "$(grep -c '"event":"error"' "$dir/out")" = 1 ]; ok "with one error" $?
grep -q bottleneck "$dir/out"; ok "and no bottleneck" $((1 - $?))
try p.json --json --set make.print=noise
[ $code -eq 0 ] && [ "$(cat "$dir/err")" = noise ] && python3 "$dir/lines.py" "$dir/out" run-begin 0
ok "what a plugin prints does not come between the JSON lines" $?
grep -q '"bottleneck"' "$dir/out"; ok "a run that is done has a bottleneck" $?
(cd "$dir" && "$run" p.json --set make.print=noise >&- 2>"$dir/err"); code=$?
expect "a closed standard output does not matter to a run that does not need it" 0 err '^demo done in'
try p.json --json --batches 0
[ $code -eq 2 ] && python3 "$dir/lines.py" "$dir/out" error 2; ok "JSON lines of wrong usage" $?
try p.json --json --check
[ $code -eq 0 ] && python3 "$dir/lines.py" "$dir/out" summary 0; ok "JSON line of a check" $?
cmp_lines=$(ls -d "$dir"/runs/demo-* | head -1)
python3 -c 'import json,sys
for line in open(sys.argv[1], encoding="utf-8"): json.loads(line)' "$cmp_lines/events.jsonl"
ok "the journal is JSON lines too" $?

KEY=a-very-secret-key try p.json --set 'make.key=${env:KEY}'
expect "a secret is used" 0 err 'the key is \*\*\*'
grep -rq a-very-secret-key "$dir/out" "$dir/err" "$dir/runs"; ok "and seen nowhere" $((1 - $?))
try p.json --api-kye=a-very-secret-key; grep -q a-very-secret-key "$dir/err"
ok "a mistyped option does not print its value" $((1 - $?))

# Signals. The run takes a minute unless it is cancelled.
start() {
  : >"$dir/out"
  : >"$dir/err"
  (cd "$dir" && exec "$run" p.json --batches 600 --pause 100ms "$@" >"$dir/out" 2>"$dir/err") &
  pid=$!
  tries=0
  until grep -q 'make  started\|"run-begin"' "$dir/err" "$dir/out" || [ $tries -eq 100 ]; do
    tries=$((tries + 1))
    sleep 0.1
  done
}
start
kill -TERM $pid; wait $pid; code=$?
expect "SIGTERM cancels" 130 err 'cancelling; again to stop at once' err '^demo cancelled in'
grep -q '^error' "$dir/err"; ok "which is no error" $((1 - $?))
start --json
kill -TERM $pid; wait $pid; code=$?
[ $code -eq 130 ] && python3 "$dir/lines.py" "$dir/out" run-begin 130 run-end; ok "JSON lines of a run that was cancelled" $?

(cd "$dir" && { timeout 20 "$run" p.json --batches 9 --pause 100ms --json --run-dir whole; echo $? >"$dir/status"; } |
  head -1 >"$dir/out")
[ "$(cat "$dir/status")" = 0 ] && grep -q '"state": "done"' "$dir/whole/run.json"
ok "a reader that goes away does not end the run" $?
(cd "$dir" && "$run" p.json --plan >/dev/full 2>"$dir/err"); code=$?
expect "a full disk behind stdout" 1 err 'cannot write standard output'
(cd "$dir" && "$run" p.json --json >/dev/full 2>"$dir/err"); code=$?
expect "a full disk behind JSON lines" 1 err 'cannot write standard output'
(cd "$dir" && ulimit -f 2 && "$run" p.json --batches 1 --quiet 2>"$dir/err"); code=$?
expect "a limit of file sizes" 1 err '\.json.*File too large.*ulimit -f'

echo "1..$n"
