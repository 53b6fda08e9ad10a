#!/bin/bash
# SPDX-License-Identifier: MIT
# What is reused of stages of every kind: repeated ones, sources that are no files, those that reject or hold, large
# inputs, plugins that change.
. "$top_srcdir/tests/e2e/lib.sh"
unset WEIR_STORE
export SOURCE_DATE_EPOCH=1700000000
test_plugin=(--plugin-path "$top_builddir/framework/core/test-plugin/.libs" --unsafe-plugins)

# states NAME "STAGE STATE"...: how these stages stand in run.json of run-NAME.
states() {
  local name=$1 got
  shift
  got=$(python3 - "run-$name/run.json" <<'PY'
import json, sys
for stage in json.load(open(sys.argv[1]))["measured"]["stages"]:
    print(stage["stage"], stage["state"])
PY
)
  local wrong= pair
  for pair; do grep -qx "$pair" <<<"$got" || wrong+="not: $pair; "; done
  if [ -z "$wrong" ]; then ok "$name: $*"; else not_ok "$name: $*" "$wrong$got"; fi
}

# Repeated stages and included ones have names with a slash.
cat >sub.json <<'PIPELINE'
{ "weir": 1, "parameters": { "epochs": { "type": "integer" } },
  "inputs": { "rows": {} }, "outputs": { "model": "train" },
  "stages": { "train": { "use": "linear.train", "from": "rows",
                         "options": { "text": "text", "label": "category", "epochs": "${epochs}" } } } }
PIPELINE
cat >each.json <<'PIPELINE'
{ "weir": 1, "name": "each", "parameters": { "epochs": { "type": "list", "default": [2, 3] }, "output": { "type": "output-path" } },
  "stages": {
    "load": { "use": "file.read", "options": { "path": "rows.csv" } },
    "try": { "include": "sub.json", "each": "${epochs}", "from": { "rows": "load" }, "parameters": { "epochs": "${each}" } },
    "save": { "use": "file.write", "each": "${epochs}", "from": "try/${each.key}.model",
              "options": { "path": "${output}/${each}.jsonl" } } } }
PIPELINE
cp "$pipelines/quickstart.csv" rows.csv
runs 0 "repeated stages" each.json --output each-1 --run-dir run-each
runs 0 "one more of them" each.json --output each-2 --run-dir run-more --epochs 2,3,4
states more "load reused" "try/2/train reused" "try/3/train reused" "try/4/train done" "save/2 done"
check "the same bytes" cmp each-1/2.jsonl each-2/2.jsonl
mkdir each-3
ln -s /dev/full each-3/3.jsonl
runs 1 "one fails" each.json --output each-3 --run-dir run-resumed --store none
rm each-3/3.jsonl
runs 0 "and is resumed" --resume run-resumed
says "the others are not run again" 'not run again: load'
check "the same bytes" diff -r each-1 each-3

# A source that is no file and has no fingerprint may have changed: it is run, and what it feeds.
cat >made.json <<'PIPELINE'
{ "weir": 1, "name": "made", "parameters": { "hold": { "type": "boolean", "default": false }, "out": { "type": "output-path" } },
  "stages": {
    "rows": { "use": "test.rows", "options": { "count": 20, "first": 1 } },
    "pick": { "use": "test.picky", "from": "rows", "on_error": "reject", "options": { "every": 5 } },
    "hold": { "use": "test.hold", "when": "hold", "from": "pick" },
    "save": { "use": "file.write", "from": { "first": ["hold", "pick"] }, "options": { "path": "${out}" } } } }
PIPELINE
runs 0 "a source that is no file" made.json "${test_plugin[@]}" --out made-1.jsonl --run-dir run-made-1
runs 0 "again" made.json "${test_plugin[@]}" --out made-2.jsonl --run-dir run-made-2
states made-2 "rows done" "pick done" "save done"

# Rejects come along.
cat >bad.json <<'PIPELINE'
{ "weir": 1, "name": "bad", "parameters": { "out": { "type": "output-path" } },
  "stages": {
    "load": { "use": "file.read", "on_error": "reject", "options": { "path": "bad.jsonl" } },
    "save": { "use": "file.write", "from": "load", "options": { "path": "${out}" } } } }
PIPELINE
printf '{"a":1}\n{"a":\n{"a":2}\n' >bad.jsonl
runs 0 "a run that rejects" bad.json --out bad-1.jsonl --run-dir run-bad-1
runs 0 "again" bad.json --out bad-2.jsonl --run-dir run-bad-2
states bad-2 "load reused" "save done"
check "the same rejects" cmp run-bad-1/rejects.jsonl run-bad-2/rejects.jsonl
check "the same rows" cmp bad-1.jsonl bad-2.jsonl
check "they are counted" grep -q '"rejects": 1' run-bad-2/run.json
entry=$(ls -d runs/.cache/*/rejects.jsonl)
sed -i 's/"reason":"/&X/' "$entry"
runs 0 "rejects with a byte changed" bad.json --out bad-4.jsonl --run-dir run-bad-4
says "it warns" 'warning: stage "load" is run, and not taken from the store: .* is not what its digest says'
states bad-4 "load done" "save done"
check "the same rejects" cmp run-bad-1/rejects.jsonl run-bad-4/rejects.jsonl
check "the limit counts too" bash -c '! "$0" "$@" >messages 2>&1' "$run" bad.json --out bad-3.jsonl --run-dir run-bad-3 --max-rejects 0

# How long a record may be, where others are rejected.
python3 -c 'for n in (1, 200000, 2): print("{\"a\": %d, \"text\": \"%s\"}" % (n, "y" * n))' >rows.jsonl
sed 's/bad.jsonl/rows.jsonl/' bad.json >length.json
runs 0 "long records" length.json --out length-1.jsonl --run-dir run-length-1
runs 0 "that are too long" length.json --out length-2.jsonl --run-dir run-length-2 --max-record 100K
states length-2 "load done"
runs 0 "again" length.json --out length-3.jsonl --run-dir run-length-3 --max-record 100K
states length-3 "load reused"
check "the same rows" cmp length-2.jsonl length-3.jsonl

# A run that is held: its stages are run again when it is resumed.
runs 4 "a run that is held" made.json "${test_plugin[@]}" --out held.jsonl --run-dir run-held --hold
runs 4 "resumed, it is held again" --resume run-held "${test_plugin[@]}"
says "what held it is run again" 'hold.*held the run, and is run again'
check "all of it ran again" test "$(grep -c '"stage":"save","state":"running"' run-held/events.jsonl)" = 2

# Large inputs: digested beside the first run, known to the next.
python3 - <<'PY'
with open("large.jsonl", "w") as out:
    for i in range(340000):
        out.write('{"id": %d, "text": "%s"}\n' % (i, "some words that fill the line " * 3))
PY
touch -d 2020-01-01 large.jsonl
sleep 3.1 # a file that was just written may be written to again within the same tick
cat >large.json <<'PIPELINE'
{ "weir": 1, "name": "large", "parameters": { "seed": { "type": "integer", "default": 1 } },
  "stages": {
    "load": { "use": "file.read", "options": { "path": "large.jsonl" } },
    "few": { "use": "rows.limit", "from": "load", "options": { "count": 10 } },
    "save": { "use": "file.write", "from": "few", "options": { "path": "few.jsonl" } } } }
PIPELINE
runs 0 "a large input" large.json --run-dir run-large-1
states large-1 "load done" "few done"
check "its digest is remembered" test -n "$(ls runs/.cache/inputs)"
runs 0 "again" large.json --run-dir run-large-2
states large-2 "load reused" "few reused" "save done"
python3 - <<'PY'
import glob
(path,) = glob.glob("runs/.cache/inputs/*")
text = open(path).read().split("\n")
text[2] = ("1" if text[2][0] == "0" else "0") + text[2][1:]
open(path, "w").write("\n".join(text))
PY
runs 0 "a remembered digest with a byte changed" large.json --run-dir run-large-changed
check "it is taken again" python3 - <<'PY'
import hashlib, json
(file,) = json.load(open("run-large-changed/run.json"))["inputs"]
assert file["sha256"] == hashlib.sha256(open("large.jsonl", "rb").read()).hexdigest()
PY
printf '{"id": 1, "text": "x"}\n' >>large.jsonl
runs 0 "written to since" large.json --run-dir run-large-3
states large-3 "load done" "few done"

# A plugin that has changed.
mkdir plugins
cp -L "$top_builddir"/stages/*.so plugins
cat >plugin.json <<'PIPELINE'
{ "weir": 1, "name": "plugin", "stages": {
    "load": { "use": "file.read", "options": { "path": "rows.csv" } },
    "split": { "use": "split.stratified", "from": "load", "options": { "by": "category", "ratios": { "a": 0.5, "b": 0.5 } } },
    "a": { "use": "file.write", "from": "split.a", "options": { "path": "plugin/a.jsonl" } },
    "b": { "use": "file.write", "from": "split.b", "options": { "path": "plugin/b.jsonl" } } } }
PIPELINE
mkdir plugin
ln -s /dev/full plugin/b.jsonl
WEIR_PLUGIN_PATH=$PWD/plugins runs 1 "a run that fails" plugin.json --run-dir run-plugin
rm plugin/b.jsonl
printf x >>plugins/split.so
unset WEIR_PLUGIN_PATH
runs 0 "resumed with another plugin, in the folder where it was" --resume run-plugin
says "it says what is run again" 'split  was whole, but is run again: its plugin, Weir'
states plugin "load reused" "split done" "a done" "b done"
plan
