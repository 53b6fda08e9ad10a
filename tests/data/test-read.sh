#!/bin/bash
# SPDX-License-Identifier: MIT
# Real data sets through file.read and file.write: every record arrives, whatever the format and compression.
. "$top_srcdir/tests/e2e/lib.sh"
data=$WEIR_DATA

cat >count.json <<'END'
{ "weir": 1, "name": "count", "parameters": { "path": { "type": "input-path" } },
  "stages": { "load": { "use": "file.read", "options": { "path": "${path}" } },
              "save": { "use": "file.write", "from": "load", "options": { "path": "out.jsonl" } } } }
END

# count FILE RECORDS [--set ...]: that many records come out of it.
count() {
  local file=$1 records=$2 name
  name="$file has $records records"
  shift 2
  rm -f out.jsonl
  if ! "$run" count.json --path "$data/$file" --quiet "$@" >messages 2>&1; then
    not_ok "$name" "$(cat messages)"
  elif [ "$(wc -l <out.jsonl)" = "$records" ]; then
    ok "$name"
  else
    not_ok "$name" "$(wc -l <out.jsonl) came out"
  fi
}

count banking77/train.csv 10003
count banking77/test.csv 3080
count sms-spam/SMSSpamCollection 5574 --set load.format=tsv
count goemotions/original/train.tsv.gz 43410 --set load.header=no
count goemotions/ekman/test.tsv 5427 --set load.header=no
count gsm8k-train/train.jsonl.gz 7473
count pii-spans/synth_dataset_v2.json.gz 1500
count esnli-pairs/s1.dev 9842 --set load.format=text
count semantic-router-samples/router_decisions.semantic_router.jsonl \
  "$(grep -c . "$data/semantic-router-samples/router_decisions.semantic_router.jsonl")"

# What Python's csv module makes of the same bytes.
"$run" count.json --path "$data/banking77/train.csv" --quiet >messages 2>&1
check "banking77 as Python's csv reads it" python3 - "$data/banking77/train.csv" <<'END'
import csv, json, sys
want = list(csv.DictReader(open(sys.argv[1], newline="", encoding="utf-8")))
got = [json.loads(line) for line in open("out.jsonl", encoding="utf-8")]
assert want == got, next((w, g) for w, g in zip(want, got) if w != g)
END
plan
