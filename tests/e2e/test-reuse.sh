#!/bin/bash
# SPDX-License-Identifier: MIT
# The store: a later run takes up what an earlier one made, and only what is still what it was.
. "$top_srcdir/tests/e2e/lib.sh"
unset WEIR_STORE
export SOURCE_DATE_EPOCH=1700000000

cp "$pipelines/quickstart.json" "$pipelines/quickstart.csv" .
# go NAME ARGUMENTS...: a run of the quickstart, its output in NAME.
go() {
  local name=$1
  shift
  runs 0 "$name" quickstart.json --output "out-$name" --run-dir "run-$name" "$@"
}
# reused NAME STAGE...: just these were reused.
reused() {
  local name=$1 got
  shift
  got=$(python3 - "run-$name/run.json" <<'PY'
import json, sys
print(*sorted(s["stage"] for s in json.load(open(sys.argv[1]))["measured"]["stages"] if s["state"] == "reused"))
PY
)
  if [ "$got" = "$*" ]; then ok "$name: reused are: $*"; else not_ok "$name: reused are: $*" "but: $got"; fi
}
all="load model predict score split"

go first
reused first
go second
reused second $all
says "the log says which, and from where" "reused from the run $PWD/run-first: load, split, model, predict, score"
check "the same bytes" diff -r out-first out-second
check "the run has its own artifact" diff -r run-first/artifacts run-second/artifacts
check "which is no link to the other" \
  test "$(stat -c %h run-second/artifacts/model/model/model.safetensors)" = 1

go epochs --epochs 3
reused epochs load split
go forced --epochs 3 --force
reused forced
check "the bytes of a run that reuses nothing" diff -r out-epochs out-forced
check "also in run.json" python3 - run-epochs run-forced <<'PY'
import json, sys
a, b = (json.loads(open(folder + "/run.json").read().replace(folder.replace("run", "out"), "out")) for folder in sys.argv[1:])
a.pop("measured"), b.pop("measured")
for key in a:
    assert a[key] == b[key], key
PY
check "figures come along" python3 - run-first run-second <<'PY'
import json, sys
a, b = (json.load(open(folder + "/run.json"))["metrics"] for folder in sys.argv[1:])
assert a == b and len(a) > 5, a
PY
check "and stand in the journal, as reused" grep -q '"event":"metric".*"name":"accuracy".*"reused":true' run-second/events.jsonl

go seed --seed 2
reused seed
go jobs --jobs 1
reused jobs $all
touch -d 2001-01-01 quickstart.csv
go touched
reused touched $all
echo '1000,"one more text",history' >>quickstart.csv
go longer
reused longer
cp "$pipelines/quickstart.csv" .
go back
reused back $all
go elsewhere --store other
reused elsewhere
check "another store" test -d other
go none --store none
reused none

# A part of the pipeline was written differently: what stands before it is reused.
sed -i 's/"epochs": "${epochs}" }/"epochs": "${epochs}", "max-features": 500 }/' quickstart.json
go edited
reused edited load split
cp "$pipelines/quickstart.json" .

# An entry with a byte changed is not believed.
damage() {
  local size
  size=$(stat -c %s "$1")
  printf 'X' | dd of="$1" bs=1 seek=$((size / 2)) conv=notrunc 2>/dev/null
}
# The entry of a stage that was used last.
entry() { grep -l "\"stage\":\"$1\"" runs/.cache/*/whole.json | xargs dirname | xargs ls -td | head -1; }
go damaged-before --epochs 4
damage "$(entry split)/train.table"
go damaged-table --epochs 5
says "it warns" 'warning: stage "split" is run again'
reused damaged-table load
damage "$(entry model)/artifacts/model/model.safetensors"
go damaged-model --epochs 5
says "it warns" 'warning: stage "model" is run, and not taken from the store: .* is not what its digest says'
reused damaged-model load predict score split
check "the same bytes" diff -r out-damaged-table out-damaged-model
damage "$(entry load)/whole.json"
go damaged-mark --epochs 5
says "it warns" 'whole.json" is damaged'
go mended --epochs 5
reused mended $all
damage "$(entry model)/model.table" # its artifact has been brought by the time that this is found out
go damaged-record --epochs 5
says "it warns" 'warning: stage "model" is run again'
reused damaged-record load predict score split
check "the same bytes" diff -r out-damaged-table out-damaged-record
check "the same bytes" diff -r out-damaged-table out-mended

# Bounded, tidied up, deleted.
WEIR_STORE_LIMIT=3M go bounded --epochs 6
check "the store is within its bound" test "$(du -sb runs/.cache | cut -f1)" -lt 3400000
mkdir "runs/.cache/.$(printf '%064d' 1).abcdef.tmp"
runs 0 "tidying up" --gc
says "it says what it did" 'removed 0 of [0-9]+ entries .* 1 leftovers'
WEIR_STORE_LIMIT=0 runs 0 "emptying" --gc
check "nothing is left" test -z "$(ls runs/.cache | grep -v inputs)"
WEIR_STORE_LIMIT=much runs 2 "a bound that is no size" quickstart.json --output x
says "it is named" 'WEIR_STORE_LIMIT'
runs 2 "tidying up takes no file" --gc quickstart.json
go again --epochs 6
reused again
rm -rf runs/.cache
go deleted --epochs 6
reused deleted

# Two at once.
rm -rf runs/.cache
for n in 1 2 3; do "$run" quickstart.json --output "out-at-once-$n" --run-dir "run-at-once-$n" --quiet & done
wait
check "runs at once give the same bytes" diff -r out-at-once-1 out-at-once-2
check "all of them" diff -r out-at-once-1 out-at-once-3
go after-all
reused after-all $all
check "the same bytes" diff -r out-at-once-1 out-after-all

# Records that go to a trainer are kept however many they are, and what stands beside them; others only if they are few.
python3 -c 'for i in range(9000): print("{\"text\": \"%s\", \"label\": \"%s\"}" % (f"word{i % 7} " * 60, "ab"[i % 2]))' >large.jsonl
cat >large.yaml <<'YAML'
weir: 1
name: large
parameters: { epochs: { type: integer, default: 2 }, output: { type: output-path, default: out } }
stages:
  load: { use: file.read, options: { path: large.jsonl } }
  long: { use: rows.filter, from: load, options: { where: "length(text) > 10" } }
  split: { use: split.stratified, from: long, options: { by: label, ratios: { train: 0.5, test: 0.5 } } }
  model: { use: linear.train, from: split.train, options: { epochs: "${epochs}", char-max: 0, pair-window: 0 } }
  predict: { use: linear.predict, from: { model: model, records: split.test } }
  save: { use: file.write, from: predict, options: { path: "${output}/predictions.jsonl" } }
YAML
large() { runs 0 "$1" large.yaml --output "out-$1" --run-dir "run-$1" "${@:2}"; }
large large
reused large
large large-epochs --epochs 3
reused large-epochs load long split
large large-forced --epochs 3 --force
check "the same bytes" diff -r out-large-epochs out-large-forced
large large-again --epochs 3
reused large-again load long model split
clean "no temporary files" "$work"
plan
