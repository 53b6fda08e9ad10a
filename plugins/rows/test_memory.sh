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
                      "x": random.gauss(0, 1), "list": list(range(random.randint(0, 3))), "text": "word " * random.randint(0, 60)}))
PY

declare -A spec=(
  [sort]='"use": "rows.sort", "from": "load", "options": { "by": ["key", "n"], "descending": "n" }'
  [shuffle]='"use": "rows.shuffle", "from": "load"'
  [first]='"use": "rows.dedupe", "from": "load", "options": { "by": ["key", "n", "list"] }'
  [last]='"use": "rows.dedupe", "from": "load", "options": { "by": ["key", "n", "list"], "keep": "last" }'
  [pairs]='"use": "rows.join", "from": { "left": "load", "right": "some" },
    "options": { "on": ["key", "n"], "duplicates": "all", "kind": "left", "columns": ["id", "text"] }'
  [same]='"use": "rows.join", "from": { "left": "load", "right": "load" }, "options": { "on": "id", "columns": "list" }'
  [count]='"use": "rows.count", "from": "load",
    "options": { "by": ["key", "n"], "sum": ["id", "x"], "mean": "x", "min": "id", "max": "x" }'
)
stages='sort shuffle first last pairs same count'

# pipeline SAVE STAGE...: reads rows.jsonl; what SAVE makes of each stage's ports goes to NAME.PORT.jsonl.
pipeline() {
  local save=$1 stage port
  shift
  printf '{ "weir": 1, "name": "rows", "stages": {\n "load": { "use": "file.read", "options": { "path": "rows.jsonl" } }'
  case " $* " in *' pairs '*)
    printf ',\n "some": { "use": "rows.limit", "from": "load", "options": { "count": 2000 } }' ;;
  esac
  for stage; do
    printf ',\n "%s": { %s }' "$stage" "${spec[$stage]}"
    for port in out $([[ ${spec[$stage]} != *rows.dedupe* ]] || echo removed); do
      printf ',\n "few-%s-%s": { "from": "%s.%s", %s }' "$stage" "$port" "$stage" "$port" "$save"
      printf ',\n "save-%s-%s": { "use": "file.write", "from": "few-%s-%s", "options": { "path": "%s.%s.jsonl" } }' \
        "$stage" "$port" "$stage" "$port" "$stage" "$port"
    done
  done
  printf ' } }\n'
}

# shellcheck disable=SC2086
pipeline '"use": "rows.limit", "options": { "skip": 0 }' $stages >rows.json

runs 0 "in memory" rows.json
for file in *.jsonl; do cp "$file" "${file%.jsonl}.whole"; done
for memory in 4096 200K 3M; do
  settings=
  for stage in $stages; do settings+=" --set $stage.memory=$memory"; done
  # shellcheck disable=SC2086
  runs 0 "with $memory" rows.json $settings --jobs 2
  for file in *.whole; do check "${file%.whole} has the same bytes" cmp "$file" "${file%.whole}.jsonl"; done
done

check "sort: what comes out is sorted, equal keys in their order" python3 - <<'PY'
import json
rows = [json.loads(line) for line in open("rows.jsonl")]
key = lambda row: (row["key"] is None, (row["key"] or "").encode(), row["n"] is None, -(row["n"] or 0))
assert [json.loads(line) for line in open("sort.out.jsonl")] == sorted(rows, key=key)
PY
check "shuffle: every row once, from everywhere to everywhere" python3 - <<'PY'
import json
ids = [json.loads(line)["id"] for line in open("shuffle.out.jsonl")]
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

check "dedupe: the first and the last of each kind, in order" python3 - <<'PY'
import json
read = lambda name: [json.loads(line) for line in open(name + ".jsonl")]
rows, firsts, lasts = read("rows"), {}, {}
kind = lambda row: json.dumps([row["key"], row["n"], row["list"]])
for row in rows:
    firsts.setdefault(kind(row), row["id"])
    lasts[kind(row)] = row["id"]
for name, kept in ("first", set(firsts.values())), ("last", set(lasts.values())):
    assert read(name + ".out") == [row for row in rows if row["id"] in kept]
    assert read(name + ".removed") == [row for row in rows if row["id"] not in kept]
PY

check "join: every pair, in the order of the left, then of the right" python3 - <<'PY'
import json
read = lambda name: [json.loads(line) for line in open(name + ".jsonl")]
rows, right = read("rows"), {}
for row in rows[:2000]:
    right.setdefault((row["key"], row["n"]), []).append(row)
pairs = []
for row in rows:
    key = (row["key"], row["n"])
    for match in (None not in key and right.get(key)) or [{"id": None, "text": None}]:
        pairs.append({**row, "id_right": match["id"], "text_right": match["text"]})
assert read("pairs.out") == pairs
assert read("same.out") == [{**row, "list_right": row["list"]} for row in rows]
PY

# The index is made again for each part, and needs its room again: few records on the left must not take that.
python3 - <<'PY'
import json
with open("left.jsonl", "w") as f:
    for i in range(1200):
        print(json.dumps({"id": i * 31, "text": "x" * 450}), file=f)
with open("right.jsonl", "w") as f:
    for i in range(36000):
        print(json.dumps({"id": i, "n": i}), file=f)
PY
cat >tight.json <<'JSON'
{ "weir": 1, "name": "tight", "stages": {
  "left": { "use": "file.read", "options": { "path": "left.jsonl" } },
  "right": { "use": "file.read", "options": { "path": "right.jsonl" } },
  "both": { "use": "rows.join", "from": { "left": "left", "right": "right" }, "options": { "on": "id", "memory": "1M" } },
  "save": { "use": "file.write", "from": "both", "options": { "path": "tight.jsonl" } } } }
JSON
runs 0 "join: few records with many, in parts that just fit" tight.json
check "each is found" python3 - <<'PY'
import json
rows = [json.loads(line) for line in open("tight.jsonl")]
assert [row["id"] for row in rows] == [i * 31 for i in range(1200) if i * 31 < 36000]
assert all(row["n"] == row["id"] for row in rows)
PY

check "count: every group, with exact sums in the order of the rows" python3 - <<'PY'
import json
read = lambda name: [json.loads(line) for line in open(name + ".jsonl")]
groups = {}
for row in read("rows"):
    groups.setdefault((row["key"], row["n"]), []).append(row)
wanted = []
for (key, n), rows in groups.items():
    total = 0.0
    for row in rows:
        total += row["x"]
    wanted.append({"key": key, "n": n, "count": len(rows), "sum_id": sum(row["id"] for row in rows), "sum_x": total,
                   "mean_x": total / len(rows), "min_id": min(row["id"] for row in rows), "max_x": max(row["x"] for row in rows)})
wanted.sort(key=lambda g: (-g["count"], g["key"] is None, (g["key"] or "").encode(), g["n"] is None, g["n"] or 0))
assert read("count.out") == wanted
PY

# What is put aside does not fit: a file may have 16 KiB. What comes out would: its number of rows.
for stage in $stages; do
  pipeline '"use": "rows.count", "options": { "by": [] }' "$stage" >one.json
  runs 0 "$stage with room on the disk" one.json --set "$stage.memory=4096"
  (ulimit -f 16 && exec "$run" one.json --set "$stage.memory=4096") >messages 2>&1
  code=$?
  if [ $code -eq 1 ]; then ok "$stage: a full disk ends the run"; else
    not_ok "$stage: a full disk ends the run" "exit status $code: $(cat messages)"
  fi
  says "with the reason" 'error: .*File too large'
done
plan
