#!/bin/bash
# SPDX-License-Identifier: MIT
# Stages that hold many rows: the same bytes with little memory as with much, a full disk, an interruption.
. "$top_srcdir/tests/e2e/lib.sh"

# 40,000 rows: keys that repeat, one that half of the rows have, nulls, long texts, lists.
python3 - >rows.jsonl <<'PY'
import json, random
random.seed(1)
for i in range(40000):
    key = random.choice(["common", "common", None, "é%d" % random.randint(0, 300), "k" * random.randint(0, 30)])
    print(json.dumps({"id": i, "key": key, "n": random.choice([None, random.randint(-99, 99)]),
                      "list": list(range(random.randint(0, 3))), "text": "word " * random.randint(0, 60)}))
PY

# pipeline STAGE...: reads rows.jsonl, writes NAME.jsonl for each stage, which is given as "NAME": {…}.
pipeline() {
  local stage name
  printf '{ "weir": 1, "name": "rows", "stages": {\n "load": { "use": "file.read", "options": { "path": "rows.jsonl" } }'
  for stage; do
    name=${stage%%\"*}
    printf ',\n "%s' "$stage"
    printf ',\n "save-%s": { "use": "file.write", "from": "%s", "options": { "path": "%s.jsonl" } }' "$name" "$name" "$name"
  done
  printf ' } }\n'
}

pipeline 'sort": { "use": "rows.sort", "from": "load", "options": { "by": ["key", "n"], "descending": "n" } }' \
  'shuffle": { "use": "rows.shuffle", "from": "load" }' >rows.json
stages='sort shuffle'

runs 0 "in memory" rows.json
for stage in $stages; do mv "$stage.jsonl" "$stage.whole"; done
for memory in 4096 200K 3M; do
  settings=
  for stage in $stages; do settings+=" --set $stage.memory=$memory"; done
  # shellcheck disable=SC2086
  runs 0 "with $memory" rows.json $settings --jobs 2
  for stage in $stages; do check "$stage gives the same bytes" cmp "$stage.whole" "$stage.jsonl"; done
done

check "sort: what comes out is sorted, equal keys in their order" python3 - <<'PY'
import json
rows = [json.loads(line) for line in open("rows.jsonl")]
key = lambda row: (row["key"] is None, (row["key"] or "").encode(), row["n"] is None, -(row["n"] or 0))
assert [json.loads(line) for line in open("sort.jsonl")] == sorted(rows, key=key)
PY
check "shuffle: every row once, from everywhere to everywhere" python3 - <<'PY'
import json
ids = [json.loads(line)["id"] for line in open("shuffle.jsonl")]
n = len(ids)
assert sorted(ids) == list(range(n))
mean = (n - 1) / 2
correlation = sum((i - mean) * (row - mean) for i, row in enumerate(ids)) / sum((i - mean) ** 2 for i in range(n))
assert abs(correlation) < 5 / n ** 0.5, correlation
# Rows of one eighth of the input are spread evenly over the eighths of the output.
counts = [[0] * 8 for _ in range(8)]
for i, row in enumerate(ids):
    counts[row * 8 // n][i * 8 // n] += 1
chi2 = sum((c - n / 64) ** 2 / (n / 64) for line in counts for c in line)
assert chi2 < 110, chi2  # 49 degrees of freedom: above that once in a million
# Neighbours are no neighbours any more.
assert sum(abs(a - b) == 1 for a, b in zip(ids, ids[1:])) < 20
PY

for stage in $stages; do
  # What is put aside does not fit: a file may have 1 MiB.
  (ulimit -f 1024 && exec "$run" rows.json --set "$stage.memory=1M") >messages 2>&1
  code=$?
  check "$stage: a full disk ends the run" test $code -eq 1
  says "with the reason" 'File too large'
done
plan
