#!/bin/bash
# SPDX-License-Identifier: MIT
# split.multilabel on goemotions beside random splits of the same sizes; split.clusters, after which check.leakage finds
# nothing.
. "${top_srcdir:?}/tests/e2e/lib.sh" || exit 99
data=$WEIR_DATA/goemotions

cat >convert.py <<'PY'
import gzip, json, sys
folder = sys.argv[1]
names = open(folder + "/labels.txt", encoding="utf-8").read().split()
with gzip.open(folder + "/train.tsv.gz", "rt", encoding="utf-8", newline="\n") as rows, open(sys.argv[2], "w") as out:
    for line in rows:
        text, labels, comment = line.rstrip("\n").split("\t")
        out.write(json.dumps({"id": comment, "text": text, "labels": [names[int(i)] for i in labels.split(",")]}) + "\n")
PY
cat >split.json <<'JSON'
{ "weir": 1, "name": "goemotions", "seed": "${seed}",
  "parameters": { "in": { "type": "input-path" }, "out": { "type": "output-path" }, "seed": { "type": "integer", "default": 1 } },
  "stages": {
    "load": { "use": "file.read", "options": { "path": "${in}" } },
    "split": { "use": "split.multilabel", "from": "load" },
    "train": { "use": "file.write", "from": "split.train", "options": { "path": "${out}/train.jsonl" } },
    "test": { "use": "file.write", "from": "split.test", "options": { "path": "${out}/test.jsonl" } },
    "eval": { "use": "file.write", "from": "split.eval", "options": { "path": "${out}/eval.jsonl" } } } }
JSON
cat >error.py <<'PY'
"""The largest error of a label's share in a split, of Weir's splits and of random ones of the same sizes."""
import collections, json, random, statistics, sys
source, folders = sys.argv[1], sys.argv[2:]
labels = lambda path: [json.loads(line)["labels"] for line in open(path, encoding="utf-8")]
rows = labels(source)
def error(parts):
    whole = collections.Counter(label for row in rows for label in row)
    largest = 0
    for part in parts:
        got = collections.Counter(label for row in part for label in row)
        largest = max(largest, max(abs(got[label] / len(part) - n / len(rows)) for label, n in whole.items()))
    return largest
ours, others = [], []
for folder in folders:
    parts = [labels("%s/%s.jsonl" % (folder, name)) for name in ("train", "test", "eval")]
    assert [len(part) for part in parts] == [34728, 4341, 4341], [len(part) for part in parts]
    ours.append(error(parts))
for seed in range(10):
    shuffled = rows[:]
    random.Random(seed).shuffle(shuffled)
    others.append(error([shuffled[:34728], shuffled[34728:39069], shuffled[39069:]]))
print("ours %s, random %s" % (ours, others))
assert max(ours) <= min(others) / 2, (ours, others)
PY
for set in original ekman group; do
  python3 convert.py "$data/$set" $set.jsonl
  for seed in 1 2 3; do
    check "$set, seed $seed" "$run" split.json --in $set.jsonl --out $set-$seed --seed $seed --quiet --run-dir run-$set-$seed
  done
  check "$set: the worst of three is at most half as far off as the best of ten random splits" \
    python3 error.py $set.jsonl $set-1 $set-2 $set-3
  check "$set: the split takes a second at most" python3 - run-$set-1 <<'PY'
import json, sys
run = json.load(open(sys.argv[1] + "/run.json"))
stage = next(s for s in run["measured"]["stages"] if s["stage"] == "split")
print(stage)
assert stage["busy_seconds"] <= 1
PY
done
check "with pairs" "$run" split.json --in original.jsonl --out pairs --set split.order=2 --quiet
check "with pairs, single labels are as near" python3 error.py original.jsonl pairs

sed 's/"use": "split.multilabel", "from": "load"/"use": "split.clusters", "from": "load", "options": { "threshold": 0.7 }/
  s/"train": {/"leaks": { "use": "check.leakage", "from": { "train": "split.train", "test": "split.test", "eval": "split.eval" }, "options": { "threshold": 0.7 } },\n    &/' \
  split.json >clusters.json
runs 0 "split.clusters, then check.leakage" clusters.json --in original.jsonl --out clusters
says "finds no leak" 'no leak: 0 leaks between 3 pairs'
sed 's/"use": "split.clusters", "from": "load", "options": { "threshold": 0.7 }/"use": "split.stratified", "from": "load", "options": { "by": [] }/' \
  clusters.json >random.json
runs 1 "a random split" random.json --in original.jsonl --out random
says "leaks" 'records of "test" .* are in "train" too'
plan
