#!/bin/bash
# SPDX-License-Identifier: MIT
# rows.limit: the right rows at every cut through the batches, and a source that is stopped.
. "$top_srcdir/tests/e2e/lib.sh"

# lines N: as many records.
lines() {
  awk -v n="$1" 'BEGIN { for (i = 1; i <= n; i++) printf "{\"id\":%d,\"text\":\"row %d of some length\"}\n", i, i }'
}

lines 20000 >rows.jsonl
cat >limit.json <<'JSON'
{ "weir": 1, "name": "limit",
  "parameters": { "data": { "type": "input-path", "default": "rows.jsonl" } },
  "stages": {
    "load": { "use": "file.read", "options": { "path": "${data}" } },
    "few": { "use": "rows.limit", "from": "load" },
    "save": { "use": "file.write", "from": "few", "options": { "path": "out.jsonl" } } } }
JSON

# passes FIRST LAST ARGUMENTS...: exactly these lines come out.
passes() {
  local first=$1 last=$2
  shift 2
  runs 0 "rows $first to $last" limit.json "$@"
  check "are the ones that come out" cmp <(sed -n "${first},${last}p" rows.jsonl) out.jsonl
}

passes 1 1 --set few.count=1
passes 1 4096 --set few.count=4096
passes 1 4097 --set few.count=4097 --jobs 2
passes 5 19999 --set few.count=19995 --set few.skip=4
passes 4095 12290 --set few.count=8196 --set few.skip=4094
passes 20000 20000 --set few.skip=19999
passes 1 20000 --set few.count=9000000000000000000
runs 0 "no rows" limit.json --set few.count=0
check "come out" test -f out.jsonl -a ! -s out.jsonl
runs 0 "more skipped than there is" limit.json --set few.skip=20001
says "is warned of" 'nothing passes: "skip" is 20001, and 20000 records came'

# A file that would take long: only its beginning is read.
lines 1000000 >large.jsonl
runs 0 "the beginning of a large file" limit.json --data large.jsonl --set few.count=10 --run-dir run
check "is all that is read" python3 -c '
import json
stages = {s["stage"]: s for s in json.load(open("run/run.json"))["measured"]["stages"]}
assert 10 <= stages["load"]["records_out"] < 800000, stages["load"]'

runs 3 "no options" limit.json
says "is refused" 'neither "count" nor "skip" is given' 'hint: '
runs 3 "a negative count" limit.json --set few.count=-1
says "is refused" 'count.*-1'
plan
