#!/bin/bash
# SPDX-License-Identifier: MIT
# text-classify: with rows to test on and without, on one thread and on two, and its model used again.
. "$top_srcdir/tests/e2e/lib.sh"
classify=$pipelines/text-classify.json

# Two files of the quickstart's rows, and one that has them as JSONL under other names.
python3 - "$pipelines/quickstart.csv" <<'PY'
import csv, json, sys
rows = list(csv.DictReader(open(sys.argv[1], newline="", encoding="utf-8")))
for name, part in (("train.csv", [r for i, r in enumerate(rows) if i % 4]), ("test.csv", rows[::4])):
    with open(name, "w", newline="", encoding="utf-8") as f:
        w = csv.DictWriter(f, ["id", "text", "category"], lineterminator="\r\n")
        w.writeheader()
        w.writerows(part)
with open("all.jsonl", "w", encoding="utf-8") as f:
    for r in rows:
        f.write(json.dumps({"body": r["text"], "topic": r["category"]}) + "\n")
PY

runs 0 "with rows to test on" "$classify" --train train.csv --test test.csv --text text --label category \
  --output with --jobs 2
check "predictions are the test rows, in their order" python3 - <<'PY'
import csv, json
rows = list(csv.DictReader(open("test.csv", newline="", encoding="utf-8")))
predictions = [json.loads(line) for line in open("with/predictions.jsonl", encoding="utf-8")]
assert [(str(p["id"]), p["text"], p["category"]) for p in predictions] == \
    [(r["id"], r["text"], r["category"]) for r in rows]
assert list(predictions[0]) == ["id", "text", "category", "prediction", "confidence"]
metrics = json.load(open("with/metrics.json"))
assert metrics["rows"] == len(rows) and metrics["classes"] == 8 and metrics["accuracy"] > 0.7, metrics
PY
runs 0 "the same on one thread" "$classify" --train train.csv --test test.csv --text text --label category \
  --output one --jobs 1
check "gives the same bytes" diff -r with one
runs 0 "another seed" "$classify" --train train.csv --test test.csv --label category --output seed --seed 7
check "a file that is a link is followed" ln -s train.csv link.csv

runs 0 "without rows to test on" "$classify" --train all.jsonl --text body --label topic --output without
check "a tenth of the rows is tested" python3 - <<'PY'
import collections, json
predictions = [json.loads(line) for line in open("without/predictions.jsonl", encoding="utf-8")]
rows = [json.loads(line) for line in open("all.jsonl", encoding="utf-8")]
assert len(predictions) == round(len(rows) / 10), len(predictions)
assert list(predictions[0]) == ["body", "topic", "prediction", "confidence"], list(predictions[0])
counts = collections.Counter(p["topic"] for p in predictions)
assert set(counts.values()) <= {4, 5} and len(counts) == 8, counts
PY
runs 0 "the same again on one thread" "$classify" --train all.jsonl --text body --label topic --output again --jobs 1
check "gives the same bytes" diff -r without again

runs 0 "epochs and features are set" "$classify" --train train.csv --test test.csv --label category \
  --output small --epochs 3 --max-features 200
check "and change the model" test "$(wc -c <with/predictions.jsonl)" -ne 0 -a ! with/model -ef small/model

# The model that was written is read back, verified, and predicts the same.
cat >use.json <<'JSON'
{ "weir": 1, "name": "use", "parameters": { "sha256": { "type": "string", "optional": true } },
  "stages": {
    "model": { "use": "artifact.read", "options": { "path": "with/model", "sha256": "${sha256}" } },
    "load": { "use": "file.read", "options": { "path": "test.csv" } },
    "predict": { "use": "linear.predict", "from": { "model": "model", "records": "load" } },
    "write": { "use": "file.write", "from": "predict", "options": { "path": "used.jsonl" } } } }
JSON
digest=$(python3 -c 'import json; print(json.load(open("with/model/artifact.json"))["sha256"])')
runs 0 "with a run directory" "$classify" --train train.csv --test test.csv --text text --label category \
  --output noted --run-dir noted-run
check "the folder's digest is that of its artifact.json" python3 - "$digest" <<'PY'
import json, sys
run = json.load(open("noted-run/run.json"))
noted = [o["sha256"] for o in run["outputs"] if o["kind"] == "model"]
assert noted == [sys.argv[1]] == [a["sha256"] for a in run["artifacts"]], (noted, run["artifacts"], sys.argv)
PY
runs 0 "the model is read back" use.json --sha256 "$digest"
check "and predicts the same" cmp with/predictions.jsonl used.jsonl
runs 0 "the model as it is in the run directory" use.json --set model.path=noted-run/artifacts/model/model --sha256 "$digest"
check "predicts the same too" cmp with/predictions.jsonl used.jsonl
runs 3 "a folder that is no artifact" use.json --check --set model.path=noted-run/artifacts
says "names what to do" 'has no artifact.json; give option "kind"'
runs 3 "a folder that is not there" use.json --check --set model.path=nothing
says "is named" 'there is no folder or archive "[^"]*nothing"'
rm -f used.jsonl
runs 3 "a digest that is not the model's" use.json --sha256 "${digest%?}0$([ "${digest: -1}" = 0 ] && echo x)"
says "names both digests" 'stage "model"' "has the digest $digest" 'is wanted'
absent "writes nothing" used.jsonl

weights=$(find with/model -type f ! -name artifact.json | head -n 1)
printf 'x' | dd of="$weights" bs=1 seek=3 conv=notrunc status=none
runs 3 "a model with one byte changed" use.json --check
says "names the file" "$(basename "$weights")\" is not what artifact.json says"
absent "writes nothing" used.jsonl
clean "no temporary file is left" "$work"
plan
