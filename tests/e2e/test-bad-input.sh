#!/bin/bash
# SPDX-License-Identifier: MIT
# Input that cannot be used: one clear message, the right exit status, nothing half-written left.
. "$top_srcdir/tests/e2e/lib.sh"
classify=$pipelines/text-classify.json

# rows FILE COUNT LABEL…: a CSV with COUNT rows of each label.
rows() {
  local file=$1 n=$2 label i
  shift 2
  echo text,label >"$file"
  for label; do for i in $(seq "$n"); do echo "a text about $label number $i,$label"; done; done >>"$file"
}
rows train.csv 12 apples pears plums
rows test.csv 4 apples pears plums

# refused CODE NAME PATTERN... -- ARGUMENTS...: text-classify fails with this code, says this, leaves nothing.
# With the name "… (late)" what was whole before it failed may stay: model and predictions.
refused() {
  local code=$1 name=$2 patterns=() files=(out/metrics.json out/report.json)
  [[ $name == *"(late)" ]] || files+=(out/model out/predictions.jsonl)
  shift 2
  while [ "$1" != -- ]; do
    patterns+=("$1")
    shift
  done
  shift
  runs "$code" "$name" "$classify" --output out "$@"
  says "$name: what and where" "${patterns[@]}"
  absent "$name: nothing is written" "${files[@]}"
  clean "$name: no temporary file" out
  rm -rf out
}

# --- Labels ---

rows one.csv 12 apples
refused 1 "one class only" 'stage "model"' '"apples"' -- --train one.csv --test test.csv
rows few.csv 12 apples pears
echo 'the only text about quinces,quinces' >>few.csv
runs 0 "a class with one row" "$classify" --output out --train few.csv
says "a class with one row is named" 'warning.*"quinces" \(1 row\)'
check "and is trained on" grep -q quinces out/model/artifact.json
rm -rf out
rows new.csv 4 apples pears quinces
runs 0 "labels in test that training never saw" "$classify" --output out --train train.csv --test new.csv
says "are listed" 'warning.*never trained on.*"quinces" \(4 records\)'
check "and count as errors" python3 - <<'PY'
import json
metrics = json.load(open("out/metrics.json"))
report = json.load(open("out/report.json"))
assert metrics["rows"] == 12 and metrics["accuracy"] <= 8 / 12, metrics
assert report["unseen_labels"] == [{"label": "quinces", "rows": 4}], report["unseen_labels"]
PY
rm -rf out
printf 'text,label\nsome text,\nother text,\n' >unlabelled.csv
refused 1 "no row of the test has a label (late)" 'stage "score"' 'none of 2 records has a "label"' \
  -- --train train.csv --test unlabelled.csv

# --- Files ---

refused 2 "a file that is not there" '--train' 'no-such\.csv' -- --train no-such.csv
mkdir folder.csv
refused 3 "a folder where a file is wanted" 'folder\.csv' -- --train folder.csv
: >empty.csv
refused 3 "an empty file" 'empty\.csv' -- --train empty.csv
echo text,label >header.csv
refused 1 "a header only, split" 'stage "split"' 'no records' -- --train header.csv
refused 1 "a header only, to train on" 'stage "model"' -- --train header.csv --test test.csv
refused 1 "a header only, to test on (late)" 'stage "score"' 'no records' -- --train train.csv --test header.csv
gzip -c train.csv | head -c 100 >cut.csv.gz
runs 3 "a truncated .gz" "$classify" --output out --train cut.csv.gz
says "a truncated .gz is named" 'stage "load"' 'cut\.csv\.gz.*truncated'
absent "and nothing is written" out/model out/metrics.json
rm -rf out

# --- Names and values ---

refused 3 "an unknown column" 'labl' 'label' -- --train train.csv --label labl
refused 3 "ratios that do not add up" 'stage "split"' 'sum to 1\.1' -- --train train.csv \
  --set 'split.ratios={"train":0.9,"test":0.2}'
refused 3 "a split that is not there" 'stage "split".* no output "test"; did you mean "tst"' -- --train train.csv --set 'split.ratios={"train":0.9,"tst":0.1}'
refused 2 "an unknown parameter" 'trian' '--train|"train"' -- --trian train.csv
refused 2 "a value out of range" 'epochs' '0' -- --train train.csv --epochs 0

# --- Places to write to ---

mkdir -p out/model
echo 'the only copy' >out/model/thesis.txt
runs 3 "a model folder that holds other things" "$classify" --output out --train train.csv
says "a model folder that holds other things is named" 'stage "save"' 'out/model' 'artifact\.json'
check "and is left alone" grep -q 'only copy' out/model/thesis.txt
absent "and nothing else is written" out/metrics.json out/report.json out/predictions.jsonl
rm -rf out
echo 'a file' >out
runs 3 "a file where the output folder is wanted" "$classify" --output out --train train.csv
says "a file where the output folder is wanted is named" '/out'
check "and is left alone" grep -q 'a file' out
rm -f out

# Runs text-classify with its output on a file system of its own, mounted with these options.
on_mount() {
  mkdir -p mount
  unshare -Urm bash -c 'mount -t tmpfs -o "$1" none mount && shift && "$@" >messages 2>&1; code=$?
    find mount -mindepth 1 -type f | sed "s/^/left: /" >left; exit $code' - "$@"
}
if unshare -Urm true 2>/dev/null; then
  if on_mount ro "$run" "$classify" --train train.csv --output mount/out; then code=0; else code=$?; fi
  check "an output that is read-only ends with 3" test $code -eq 3
  says "an output that is read-only: what and where" 'mount/out' 'Read-only file system'
  if on_mount size=16k "$run" "$classify" --train train.csv --output mount/out; then code=0; else code=$?; fi
  check "a full disk ends with 1" test $code -eq 1
  says "a full disk: what and where" 'mount/out' 'No space left'
  check "a full disk: no temporary file" bash -c '! grep "\.tmp" left'
else
  skip "read-only output and full disk" "this system does not let users mount"
fi

clean "no temporary file is left" "$work"
plan
