#!/bin/bash
# SPDX-License-Identifier: MIT
# The text classifier on banking77's official test rows, with default settings: what it has to reach, and that the bytes
# do not depend on the number of threads.
. "$top_srcdir/tests/e2e/lib.sh"
data=$WEIR_DATA/banking77

classify() {
  "$run" "$pipelines/text-classify.json" --train "$data/train.csv" --test "$data/test.csv" --text text \
    --label category --quiet "$@"
}

for seed in 1 2 3; do
  check "seed $seed" classify --seed $seed --output "seed-$seed"
done
check "accuracy and macro-F1 are at least 0.916 on average" python3 - <<'END'
import json
runs = [json.load(open(f"seed-{seed}/metrics.json")) for seed in (1, 2, 3)]
for figure in ("accuracy", "macro_f1"):
    mean = sum(run[figure] for run in runs) / len(runs)
    print(figure, mean)
    assert mean >= 0.916
assert all(run["rows"] == 3080 and run["classes"] == 77 for run in runs)
END
check "the predictions are the test rows in their order" python3 - "$data/test.csv" <<'END'
import csv, json, sys
rows = list(csv.DictReader(open(sys.argv[1], newline="", encoding="utf-8")))
predicted = [json.loads(line) for line in open("seed-1/predictions.jsonl", encoding="utf-8")]
assert [(r["text"], r["category"]) for r in rows] == [(p["text"], p["category"]) for p in predicted]
assert all(0 <= p["confidence"] <= 1 for p in predicted)
metrics = json.load(open("seed-1/metrics.json"))
right = sum(p["prediction"] == p["category"] for p in predicted)
assert abs(metrics["accuracy"] - right / len(rows)) < 1e-12
END
check "with one thread" classify --seed 1 --jobs 1 --output one
check "with two threads" classify --seed 1 --jobs 2 --output two
check "one thread and two give the same bytes" diff -r one two
plan
