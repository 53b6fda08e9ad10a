#!/bin/sh
# SPDX-License-Identifier: MIT
# Tests of pipeline-inspect from outside: lists, single stages, JSON, schema, manual sections, broken plugins.
inspect=$top_builddir/pipeline-inspect
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
n=0

ok() {
  n=$((n + 1))
  if [ "$2" -eq 0 ]; then echo "ok $n - $1"; else
    echo "not ok $n - $1"
    sed 's/^/# out: /' "$dir/out"
    sed 's/^/# err: /' "$dir/err"
  fi
}

try() {
  (cd "$dir" && "$inspect" "$@" >"$dir/out" 2>"$dir/err" </dev/null)
  code=$?
}

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

build() {
  $CC -std=gnu11 -shared -fPIC -I"$top_srcdir/framework/abi" "$1" -o "$2" 2>"$dir/err" ||
    { cat "$dir/err"; echo "Bail out! the plugin does not build"; exit 1; }
}

mkdir "$dir/good" "$dir/mixed" "$dir/empty"
build "$top_srcdir/framework/cli/test_plugin.c" "$dir/good/display.so"
cp "$dir/good/display.so" "$dir/mixed"
echo 'this is no plugin' >"$dir/mixed/text.so"
head -c 5000 "$dir/good/display.so" >"$dir/mixed/cut.so"
{ echo '#include <stdlib.h>'
  echo '__attribute__((constructor)) static void now(void) { abort(); }'
  sed 's/\.name = "display"/.name = "crash"/' "$top_srcdir/framework/cli/test_plugin.c"; } >"$dir/crash.c"
build "$dir/crash.c" "$dir/mixed/crash.so"
mkdir "$dir/loud"
{ echo '#include <stdio.h>'
  echo '__attribute__((constructor)) static void now(void) { puts("noise"); }'
  sed 's/\.name = "display"/.name = "loud"/' "$top_srcdir/framework/cli/test_plugin.c"; } >"$dir/loud.c"
build "$dir/loud.c" "$dir/loud/loud.so"
mkdir "$dir/odd"
# plugin NAME CODE: one whose constructor or destructor does this.
odd() {
  { echo '#include <fcntl.h>'
    echo '#include <unistd.h>'
    echo "$2"
    sed "s/\.name = \"display\"/.name = \"$1\"/" "$top_srcdir/framework/cli/test_plugin.c"; } >"$dir/$1.c"
  build "$dir/$1.c" "$dir/odd/$1.so"
}
odd closes '__attribute__((constructor)) static void now(void) { for (int fd = 0; fd < 64; fd++) close(fd); }'
odd leaves '__attribute__((constructor)) static void now(void) { if (fork() == 0) { sleep(600); _exit(0); } }'
odd lingers '__attribute__((destructor)) static void later(void) { for (;;) pause(); }'
odd waits '__attribute__((constructor)) static void now(void) { for (;;) pause(); }'
WEIR_PLUGIN_PATH=$dir/good
export WEIR_PLUGIN_PATH
unset WEIR_DEVELOPER

try; expect "list" 0 out '^display 1.2  Stages for' out '^  display.rows  *Makes rows$' out '^  display.eat '
try display.rows
expect "a stage" 0 out '^display.rows  Makes rows$' out '^Rows are numbered' out 'text:utf8, n:i64' \
  out 'integer; 0 to 1000000; default: 3' out 'how many batches' out '^Licence  MIT' out "^File     $dir/good/display.so"
grep -q '^Inputs' "$dir/out"; ok "without inputs there is no heading for them" $((1 - $?))
[ "$(grep -n '^  pause' "$dir/out" | cut -d: -f1)" -gt "$(grep -n '^  say' "$dir/out" | cut -d: -f1)" ]
ok "advanced options stand last" $?
try display; expect "a plugin" 0 out '^display.rows' out '^display.eat' out 'optional'
try good/display.so; expect "a file" 0 out '^display.eat'
try display.eta; expect "unknown stage" 2 err '^error: plugin "display" has no stage "eta"; did you mean "display.eat"?$'
try display.zzzzzz; expect "no stage is near" 2 err 'plugin "display" has no stage "zzzzzz"; it has: display.rows, display.eat$'
try dispaly; expect "unknown plugin" 2 err 'did you mean "display"?'
try eat; expect "a stage without its plugin" 2 err 'did you mean "display.eat"?'
try zzzzzz; expect "nothing near" 2 err "in $dir/good"
try nothing.so; expect "no such file" 1 err 'nothing.so'
try --jsno; expect "unknown flag" 2 err 'did you mean "--json"?'
try display.eat display.rows; expect "two stages" 0 out '^display.eat' out '^display.rows'
try display.eat nothing; [ $code -eq 2 ] && [ ! -s "$dir/out" ]; ok "two of which one is not there" $?
try --json --schema; expect "two views" 2 err 'only one of'
try --path; expect "path" 0 out "^$dir/good$"
try --plugin-path "$dir/empty" --path; head -1 "$dir/out" | grep -qx "$dir/empty"; ok "--plugin-path comes first" $?
try --plugin-path "$dir/empty:$dir/nowhere" --path
expect "a folder that is not there" 2 err "^error: --plugin-path: there is no folder \"$dir/nowhere\"\$"
try --version; expect "version" 0 out '^pipeline-inspect [0-9]'
try --help; expect "help" 0 out '  --schema '
grep -q describe "$dir/out"; ok "the child's flag is not shown" $((1 - $?))

WEIR_PLUGIN_PATH=$dir/good:$dir/mixed
try; [ "$(grep -c '^display' "$dir/out")" = 1 ]; ok "the first of two plugins of a name is listed" $?
try --json "$dir/loud/loud.so"; python3 -m json.tool "$dir/out" >/dev/null && ! grep -q noise "$dir/out"
ok "what a plugin prints when it is opened goes nowhere" $?

WEIR_PLUGIN_PATH=$dir/mixed
try
expect "broken plugins are named, the rest is listed" 1 out 'display.rows' err 'crash.so' err 'cut.so' err 'text.so'
[ "$(grep -c '^error: ' "$dir/err")" = 3 ]; ok "each once" $?
try --json; expect "JSON with failures" 1 out '"failures"' out 'text.so'
python3 -m json.tool "$dir/out" >/dev/null; ok "is JSON" $?
try --schema; [ $code -eq 1 ] && [ ! -s "$dir/out" ]; ok "no schema where a plugin is missing in it" $?
try display; expect "another plugin's fault does not matter" 0 out 'display.rows'
# Whatever a plugin does when it is opened or closed, the list comes, in time.
WEIR_PLUGIN_PATH=$dir/odd:$dir/good
begin=$(date +%s)
try
expect "a plugin that hangs is named, the rest is listed" 1 out '^display 1.2' out '^leaves 1.2' out '^lingers 1.2' \
  err 'waits.so.*does not return within'
grep -q 'waits' "$dir/out"; ok "and is not listed" $((1 - $?))
[ $(($(date +%s) - begin)) -lt 60 ]; ok "it takes no longer than one waits for it" $?
sleep 0.2
ps -eo args | grep -q '[p]ipeline-inspect --describe .*odd'; ok "no child is left" $((1 - $?))
chmod 777 "$dir/good"
WEIR_PLUGIN_PATH=$dir/good
try; expect "a folder that others can write to" 1 err 'write'
try --unsafe-plugins; expect "unless it is asked for" 0 out 'display.rows'
chmod 755 "$dir/good"

try --json display.rows
cat >"$dir/look.py" <<'END'
import json, sys
stage = json.load(open(sys.argv[1], encoding="utf-8"))
assert stage["use"] == "display.rows"
batches = stage["options"][0]
assert batches["minimum"] == 0 and batches["maximum"] == 1e6 and batches["default"] == "3", batches
assert stage["outputs"] == [{"name": "out", "type": "text:utf8, n:i64", "help": "the rows"}], stage["outputs"]
END
python3 "$dir/look.py" "$dir/out"; ok "JSON of a stage" $?

try --schema display
cat >"$dir/schema.py" <<'END'
import json, sys
schema = json.load(open(sys.argv[1], encoding="utf-8"))
defs = schema["$defs"]
assert defs["stage"]["properties"]["use"]["anyOf"][0]["enum"] == ["display.rows", "display.eat"]
assert defs["display.rows"]["properties"]["from"] is False
assert defs["display.eat"]["required"] == ["from"]
options = defs["display.rows"]["properties"]["options"]["properties"]
assert options["batches"]["default"] == 3
assert options["key"]["anyOf"][0]["pattern"] == r"^\$\{[^}]+\}$"
assert options["batches"]["anyOf"][0] == {"type": "integer", "minimum": 0, "maximum": 1000000}
assert sys.argv[2] not in open(sys.argv[1], encoding="utf-8").read()
END
python3 "$dir/schema.py" "$dir/out" "$dir"; ok "schema" $?
cp "$dir/out" "$dir/first"
try --schema display; cmp -s "$dir/out" "$dir/first"; ok "the same bytes again" $?

try --man display; expect "manual sections" 0 out '^\.SS display.rows$' out '^\.B batches$' out 'fail\\-at'
if command -v mandoc >/dev/null; then
  { printf '.TH TEST 7 2026-11-20 test\n.SH NAME\ntest \\- a test\n.SH STAGES\n'; cat "$dir/out"; } >"$dir/test.7"
  mandoc -Tlint -Wwarning "$dir/test.7" >"$dir/err"; ok "lint" $?
fi

echo "1..$n"
