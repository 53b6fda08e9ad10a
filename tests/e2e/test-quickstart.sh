#!/bin/bash
# SPDX-License-Identifier: MIT
# The quickstart: one command, a trained and tested classifier, on the data that comes with it.
. "$top_srcdir/tests/e2e/lib.sh"

runs 0 "quickstart" "$pipelines/quickstart.json"
for file in model/artifact.json metrics.json report.json predictions.jsonl; do
  check "quickstart-output/$file is there" test -s "quickstart-output/$file"
done
says "the headline is printed" 'accuracy 0\.[0-9]+ \(95 %'

check "figures, report and predictions agree" python3 - quickstart-output "$pipelines/quickstart.csv" <<'PY'
import csv, json, sys
out = sys.argv[1]
rows = {int(r["id"]): r for r in csv.DictReader(open(sys.argv[2], newline="", encoding="utf-8"))}
metrics = json.load(open(out + "/metrics.json"))
report = json.load(open(out + "/report.json"))
predictions = [json.loads(line) for line in open(out + "/predictions.jsonl", encoding="utf-8")]
assert len(predictions) == metrics["rows"] == report["rows"] == round(len(rows) * 0.2), metrics
assert [p["id"] for p in predictions] == sorted(p["id"] for p in predictions)
for p in predictions:
    assert list(p) == ["id", "text", "category", "prediction", "confidence"], list(p)
    assert p["text"] == rows[p["id"]]["text"] and p["category"] == rows[p["id"]]["category"], p
    assert 0 <= p["confidence"] <= 1, p
right = sum(p["category"] == p["prediction"] for p in predictions)
assert abs(right / len(predictions) - metrics["accuracy"]) < 1e-12
assert metrics["accuracy_low"] < metrics["accuracy"] < metrics["accuracy_high"]
assert metrics["accuracy"] > 0.7 and metrics["macro_f1"] > 0.7, metrics
labels = sorted({r["category"] for r in rows.values()})
assert report["confusion"]["labels"] == labels
matrix = report["confusion"]["rows"]
assert sum(matrix[i][i] for i in range(len(labels))) == right
assert [c["label"] for c in report["per_class"]] == labels
assert sum(c["support"] for c in report["per_class"]) == len(predictions)
assert 0 < metrics["log_loss"] < 2, metrics["log_loss"]
assert sum(b["rows"] for b in report["calibration"]["bins"]) == len(predictions)
assert abs(sum(c["f1"] for c in report["per_class"]) / len(labels) - metrics["macro_f1"]) < 1e-12
PY

check "the model's files are those that artifact.json lists" python3 - quickstart-output/model <<'PY'
import hashlib, json, os, sys
folder = sys.argv[1]
manifest = json.load(open(folder + "/artifact.json"))
assert manifest["kind"] == "model" and manifest["metadata"]["predictor"] == "linear.predict", manifest
there = sorted(os.path.relpath(os.path.join(d, f), folder) for d, _, fs in os.walk(folder) for f in fs)
there.remove("artifact.json")
assert there == [f["path"] for f in manifest["files"]], there
listing = b""
for f in manifest["files"]:
    data = open(os.path.join(folder, f["path"]), "rb").read()
    assert f["size"] == len(data) and f["sha256"] == hashlib.sha256(data).hexdigest(), f
    listing += f["sha256"].encode() + b"  " + f["path"].encode() + b"\0"
assert manifest["sha256"] == hashlib.sha256(listing).hexdigest()
PY

runs 0 "the quickstart again, over its own output" "$pipelines/quickstart.json"
runs 0 "the quickstart into another folder" "$pipelines/quickstart.json" --output other/deep
check "gives the same bytes" diff -r quickstart-output other/deep
clean "no temporary file is left" "$work"
plan
