#!/bin/bash
# SPDX-License-Identifier: MIT
# split.stratified, evaluate.classification and the artifact stages on files, held against figures from Python.
. "$top_srcdir/tests/e2e/lib.sh"

# --- split.stratified ---

python3 - <<'PY'
import csv, random
r = random.Random(3)
rows = []
for site, label, n in (("north", "a", 53), ("north", "b", 31), ("south", "a", 27), ("south", "b", 2), ("south", "", 9)):
    rows += [[site, label] for _ in range(n)]
r.shuffle(rows)
with open("rows.csv", "w", newline="") as f:
    w = csv.writer(f, lineterminator="\n")
    w.writerow(["id", "site", "label"])
    w.writerows([i] + row for i, row in enumerate(rows))
PY
cat >split.json <<'JSON'
{ "weir": 1, "name": "split", "parameters": { "out": { "type": "output-path", "default": "split" } },
  "stages": {
    "load": { "use": "file.read", "options": { "path": "rows.csv" } },
    "split": { "use": "split.stratified", "from": "load", "options": { "by": ["site", "label"] } },
    "train": { "use": "file.write", "from": "split.train", "options": { "path": "${out}/train.csv" } },
    "test": { "use": "file.write", "from": "split.test", "options": { "path": "${out}/test.csv" } },
    "eval": { "use": "file.write", "from": "split.eval", "options": { "path": "${out}/eval.csv" } } } }
JSON
cat >check_split.py <<'PY'
import collections, csv, sys
folder, ratios, by = sys.argv[1], [float(x) for x in sys.argv[2].split(",")], sys.argv[3].split(",") if sys.argv[3] else []
read = lambda path: list(csv.DictReader(open(path, newline="")))
rows = read("rows.csv")
splits = [read("%s/%s.csv" % (folder, name)) for name in ("train", "test", "eval")[: len(ratios)]]
assert sorted(int(r["id"]) for s in splits for r in s) == list(range(len(rows)))
key = lambda r: tuple(r[b] for b in by)
whole = collections.Counter(map(key, rows))
for split, ratio in zip(splits, ratios):
    ids = [int(r["id"]) for r in split]
    assert ids == sorted(ids), "order is not kept"
    assert abs(len(split) - len(rows) * ratio) < 1, (len(split), len(rows) * ratio)
    for stratum, n in collections.Counter(map(key, split)).items():
        assert whole[stratum] < len(ratios) or abs(n - whole[stratum] * ratio) < 1, (stratum, n)
if by:
    for stratum, n in whole.items():
        if n < len(ratios):
            assert all(key(r) != stratum for s in splits[1:] for r in s), stratum
PY
runs 0 "a split by two columns" split.json
check "is exact in every stratum and over all" python3 check_split.py split 0.8,0.1,0.1 site,label
says "names what is rare and what has no value" 'warning.*"train": "south, b" \(2 rows\)' 'warning.*"south, \(none\)" \(9 rows\)'
runs 0 "the same split again, on one thread" split.json --out again --jobs 1
check "gives the same bytes" diff -r split again
runs 0 "another seed" split.json --out seed --set split.seed=2
check "gives other rows" bash -c '! cmp -s split/test.csv seed/test.csv'
check "in the same numbers" python3 check_split.py seed 0.8,0.1,0.1 site,label
runs 0 "no columns" split.json --out plain --set split.by=[]
check "splits the rows as a whole" python3 check_split.py plain 0.8,0.1,0.1 ""
runs 0 "parts instead of shares" split.json --out parts --set 'split.ratios={"train":8,"test":1,"eval":1}'
check "give the same bytes" diff -r split parts
runs 3 "a column that is not there" split.json --out bad --set split.by=nothing
says "is named" 'column "nothing".* is missing'
absent "writes nothing" bad

# --- evaluate.classification ---

python3 - <<'PY'
import json, random
r = random.Random(5)
labels = {"mood": ["good", "bad", "so-so"], "spam": ["yes", "no"]}
with open("predictions.jsonl", "w") as f:
    for i in range(500):
        task = r.choice(["mood", "spam"])
        label = r.choice(labels[task])
        prediction = label if r.random() < 0.7 else r.choice(labels[task])
        row = {"task": task, "label": label if i % 50 else None, "prediction": prediction, "n": i % 3, "m": i % 2,
               "confidence": round(r.uniform(0.3, 1), 3)}
        f.write(json.dumps(row) + "\n")
PY
cat >score.json <<'JSON'
{ "weir": 1, "name": "score", "parameters": { "out": { "type": "output-path", "default": "score" } },
  "stages": {
    "load": { "use": "file.read", "options": { "path": "predictions.jsonl" } },
    "score": { "use": "evaluate.classification", "from": "load" },
    "metrics": { "use": "file.write", "from": "score.metrics", "options": { "path": "${out}/metrics.json", "single": true } },
    "report": { "use": "file.write", "from": "score.report", "options": { "path": "${out}/report.json", "single": true } } } }
JSON
cat >check_score.py <<'PY'
import collections, json, math, sys
rows = [json.loads(line) for line in open("predictions.jsonl")]
labelled = [r for r in rows if r["label"] is not None]
metrics = json.load(open(sys.argv[1] + "/metrics.json"))
report = json.load(open(sys.argv[1] + "/report.json"))

def expect(rows, got, name):
    classes = sorted({name(r, "label") for r in rows} | {name(r, "prediction") for r in rows})
    count = collections.Counter((name(r, "label"), name(r, "prediction")) for r in rows)
    f1, support = {}, {}
    for c in classes:
        support[c] = sum(n for (l, p), n in count.items() if l == c)
        predicted = sum(n for (l, p), n in count.items() if p == c)
        f1[c] = 2 * count[c, c] / (support[c] + predicted)
    accuracy = sum(count[c, c] for c in classes) / len(rows)
    bins = [[0, 0, 0.0] for _ in range(15)]
    for r in rows:
        b = bins[max(0, math.ceil(r["confidence"] * 15) - 1)]
        b[0] += 1
        b[1] += r["label"] == r["prediction"]
        b[2] += r["confidence"]
    error = sum(abs(right - sure) for n, right, sure in bins) / len(rows)
    want = {"rows": len(rows), "classes": len(classes), "accuracy": accuracy, "micro_f1": accuracy,
            "macro_f1": sum(f1.values()) / len(classes),
            "weighted_f1": sum(f1[c] * support[c] for c in classes) / len(rows), "calibration_error": error}
    for key, value in want.items():
        assert abs(got[key] - value) < 1e-9, (key, got[key], value)
    for key in ("accuracy", "macro_f1", "weighted_f1"):
        assert got[key + "_low"] <= got[key] <= got[key + "_high"], key
    return classes, count

tasks = "tasks" in metrics
name = (lambda r, k: r["task"] + "\0" + r[k]) if tasks else (lambda r, k: r[k])
for got in (metrics, report):
    classes, count = expect(labelled, got, name)
    assert got["unlabelled"] == len(rows) - len(labelled)
    for part in got.get("tasks", []):
        expect([r for r in labelled if r["task"] == part["task"]], part, lambda r, k: r[k])
if tasks:
    assert [t["task"] for t in metrics["tasks"]] == [t["task"] for t in report["tasks"]] == ["mood", "spam"]
    assert [(c["task"], c["label"]) for c in report["per_class"]] == [tuple(c.split("\0")) for c in classes]
else:
    assert report["confusion"]["labels"] == classes
    assert report["confusion"]["rows"] == [[count[l, p] for p in classes] for l in classes]
    wrong = sorted((-n, l, p) for (l, p), n in count.items() if l != p)
    assert [(-e["rows"], e["label"], e["prediction"]) for e in report["errors"]] == wrong
PY
runs 0 "an evaluation" score.json
check "gives the figures of the definitions" python3 check_score.py score
says "counts rows without a label" 'warning.*10 records have no "label" and are not counted'
runs 0 "an evaluation by task" score.json --out tasks --set score.task=task
check "gives the figures of the definitions, by task too" python3 check_score.py tasks
python3 -c 'import json; [print(json.dumps({"n": i % 3, "m": i % 2})) for i in range(60)]' >plain.jsonl
runs 0 "labels that are numbers, no confidence" score.json --out numbers --set score.label=n --set score.prediction=m \
  --set load.path=plain.jsonl
check "are compared as they are written" python3 - <<'PY'
import json
report = json.load(open("numbers/report.json"))
assert [c["label"] for c in report["per_class"]] == ["0", "1", "2"], report["per_class"]
assert abs(report["accuracy"] - 1 / 3) < 1e-12 and "calibration" not in report and "calibration_error" not in report
PY
runs 3 "a confidence column that is not there" score.json --out bad --set score.confidence=confidense
says "offers the nearest" '"confidense"' 'did you mean "confidence"'
runs 3 "probabilities without the model that gave them" score.json --out bad --set score.probabilities=odds
says "wants the model" 'the input "model" is wanted too'
runs 3 "a rounds option out of range" score.json --out bad --set score.rounds=5
says "tells the range" 'rounds' '100'
absent "writes nothing" bad

# --- artifact.read and artifact.write ---

cat >move.json <<'JSON'
{ "weir": 1, "name": "move", "parameters": { "from": { "type": "input-path", "default": "folder" }, "to": { "type": "output-path", "default": "moved" } },
  "stages": {
    "read": { "use": "artifact.read", "options": { "path": "${from}" } },
    "write": { "use": "artifact.write", "from": "read", "options": { "path": "${to}" } } } }
JSON
mkdir -p folder/deep
echo one >folder/one
echo two >folder/deep/two
runs 3 "a folder without artifact.json" move.json
says "says what to do" 'stage "read"' 'has no artifact\.json' '"kind"'
runs 0 "a folder without artifact.json, its kind given" move.json --set read.kind=dataset
check "becomes an artifact" grep -q '"kind": "dataset"' moved/artifact.json
check "with all its files" bash -c 'cmp folder/one moved/one && cmp folder/deep/two moved/deep/two'
runs 0 "an artifact is moved on" move.json --from moved --to again-moved
check "and stays the same, to the byte" diff -r moved again-moved
runs 3 "another kind than wanted" move.json --from moved --to bad --set read.kind=model
says "names both kinds" 'dataset' 'model'
ln -s /etc/passwd moved/link
runs 3 "a link in the folder" move.json --from moved --to bad
says "is named" 'moved/link' 'link'
rm moved/link
echo three >moved/three
runs 3 "a file that was added" move.json --from moved --to bad
says "is named" 'moved": file "three" is not listed in artifact\.json'
runs 3 "a folder with something of the user's" move.json --from again-moved --to moved
says "is not replaced" 'moved' 'three'
check "and stands" test -f moved/three
runs 0 "unless told so" move.json --from again-moved --to moved --set write.replace=true
check "then it is replaced whole" diff -r again-moved moved
runs 3 "a file for the folder of an artifact" move.json --from rows.csv --to bad
says "is named" 'rows\.csv' 'archive'
absent "none of these wrote anything" bad
clean "no temporary file is left" "$work"
plan
