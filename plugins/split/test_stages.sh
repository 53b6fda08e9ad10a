#!/bin/bash
# SPDX-License-Identifier: MIT
# Every stage of the plugin on files: what goes where, the same in any order, cut and number of threads, and bad input.
. "${top_srcdir:?}/tests/e2e/lib.sh" || exit 99

python3 - <<'PY'
import csv, json, random
r = random.Random(3)
rows = []
for i in range(3000):
    user = int(r.paretovariate(0.8)) % 400
    rows.append({"id": i, "user": user, "site": r.choice("ns"), "label": r.choice("aaaabbc"),
                 "when": "2024-%02d-%02dT%02d:00:00Z" % (1 + i % 12, 1 + r.randrange(28), r.randrange(24)),
                 "n": r.randrange(40), "x": r.choice([0.5, -1.25, 3, 1e20, r.random()])})

def write(path, rows):
    with open(path, "w", newline="") as f:
        w = csv.DictWriter(f, list(rows[0]), lineterminator="\n")
        w.writeheader()
        w.writerows(rows)

write("rows.csv", rows)
more = rows + [dict(row, id=row["id"] + 3000, user="u%d" % row["user"]) for row in rows]  # the user is text now
r.shuffle(more)
write("more.csv", more)
write("holes.csv", [dict(row, user="" if row["id"] % 10 == 0 else row["user"], n="" if row["id"] % 10 == 0 else row["n"])
                    for row in rows])
write("one.csv", rows[:1])
write("two.csv", rows[:2])
open("none.csv", "w").write("id,user,site,label,when,n,x\n")
write("giant.csv", [dict(row, user=1 if i < 2000 else 2 + i % 500, label="a") for i, row in enumerate(rows)])
with open("labels.jsonl", "w") as f:
    for i in range(4000):
        labels = [l for l, p in zip("abcdefgh", (.5, .3, .2, .1, .05, .02, .01, .005)) if r.random() < p]
        f.write(json.dumps({"id": i, "labels": labels, "tags": [len(labels), None, 7], "main": labels[0] if labels else None}) + "\n")
PY
cat >split.json <<'JSON'
{ "weir": 1, "name": "split",
  "parameters": { "in": { "type": "input-path", "default": "rows.csv" }, "out": { "type": "output-path", "default": "out" },
                  "type": { "type": "string", "default": "csv" } },
  "stages": {
    "load": { "use": "file.read", "options": { "path": "${in}" } },
    "split": { "use": "split.STAGE", "from": "load", "options": {} },
    "train": { "use": "file.write", "from": "split.train", "options": { "path": "${out}/train.${type}" } },
    "test": { "use": "file.write", "from": "split.test", "options": { "path": "${out}/test.${type}" } },
    "eval": { "use": "file.write", "from": "split.eval", "options": { "path": "${out}/eval.${type}" } } } }
JSON
for stage in hash group time multilabel clusters; do sed "s/STAGE/$stage/" split.json >$stage.json; done
cat >splits.py <<'PY'
"""Reads the splits of a folder; every row of the input is in one of them, in the order of the input."""
import csv, json, os, sys
def load(path):
    if not os.path.exists(path):
        return []
    with open(path, newline="") as f:
        return [json.loads(l) for l in f] if path.endswith("jsonl") else list(csv.DictReader(f))
def splits(folder, source, whole=True):
    kind = source.rsplit(".", 1)[1]
    rows = load(source)
    parts = {name: load("%s/%s.%s" % (folder, name, kind)) for name in ("train", "test", "eval")}
    place = {str(row["id"]): i for i, row in enumerate(rows)}
    at = {name: [place[str(row["id"])] for row in part] for name, part in parts.items()}
    assert all(a == sorted(a) for a in at.values()), "order is not kept"
    everything = sorted(i for a in at.values() for i in a)
    assert everything == sorted(set(everything)), "a row is in two splits"
    assert not whole or everything == list(range(len(rows))), "rows are missing"
    return rows, parts
def sides(folder, source, key):
    side = {}
    for name, part in splits(folder, source)[1].items():
        for row in part:
            assert side.setdefault(row[key], name) == name, "%s is parted" % row[key]
    return side
PY

# --- split.hash ---

runs 0 "split.hash of all columns" hash.json --out all
check "is near the ratios" python3 - <<'PY'
from splits import *
rows, parts = splits("all", "rows.csv")
for name, ratio in (("train", .8), ("test", .1), ("eval", .1)):
    assert abs(len(parts[name]) / len(rows) - ratio) < 0.03, (name, len(parts[name]))
PY
runs 0 "the same on one thread" hash.json --out all-1 --jobs 1
check "gives the same bytes" diff -r all all-1
runs 0 "split.hash by a column" hash.json --out by --set split.by=user
runs 0 "the same when the data has grown, is shuffled, and the column became text" \
  hash.json --in more.csv --out by-more --set split.by=user
check "keeps every key where it was" python3 - <<'PY'
from splits import *
before, after = sides("by", "rows.csv", "user"), sides("by-more", "more.csv", "user")
assert len(before) > 100 and all(after[user] == side for user, side in before.items())
assert len(set(before.values())) == 3
PY
runs 0 "a larger first split" hash.json --out grown --set split.by=user --set 'split.ratios={"train":0.9,"test":0.05,"eval":0.05}'
check "keeps what it had" python3 - <<'PY'
from splits import *
before, after = sides("by", "rows.csv", "user"), sides("grown", "rows.csv", "user")
assert all(after[user] == "train" for user, side in before.items() if side == "train")
PY
runs 0 "a salt" hash.json --out salted --set split.by=user --set split.salt=x
check "makes another split" bash -c '! cmp -s by/test.csv salted/test.csv'
sed 's/"weir": 1/"weir": 1, "seed": 7/' hash.json >hash-7.json
runs 0 "another seed of the pipeline" hash-7.json --out seeded --set split.by=user
check "changes nothing" diff -r by seeded
runs 1 "a record without a key" hash.json --in holes.csv --out bad --set split.by=user
says "is rejected, with its line and what to do" 'holes.csv:2: .*no value in "user"' 'hint: option "missing"'
absent "writes nothing" bad/train.csv
sed 's/"use": "split.hash"/"on_error": "reject", &/' hash.json >on.json
runs 0 "with on_error: reject" on.json --in holes.csv --out on --set split.by=user
check "the others go on" python3 -c 'from splits import *; assert sum(map(len, splits("on", "holes.csv", False)[1].values())) == 2700'
runs 0 "records without a key, together" hash.json --in holes.csv --out together --set split.by=user --set split.missing=together
says "are counted" 'warning: 300 records have no value in "user" and stay together'
runs 0 "records without a key, apart" hash.json --in holes.csv --out apart --set split.by=user --set split.missing=apart
check "go together or apart" python3 - <<'PY'
from splits import *
lost = lambda folder: [sum(row["user"] == "" for row in part) for part in splits(folder, "holes.csv")[1].values()]
assert sorted(lost("together")) == [0, 0, 300] and min(lost("apart")) > 10, (lost("together"), lost("apart"))
PY
runs 0 "an input without records" hash.json --in none.csv --out none
says "warns of every split" '"train" gets no record' '"eval" gets no record'
runs 3 "a column that is not there" hash.json --set split.by=usr
says "is named, with the nearest" 'column "usr".*did you mean "user"'

# --- split.group ---

runs 0 "split.group" group.json --out group --set split.by=user
check "parts no group and is near the ratios" python3 - <<'PY'
from splits import *
sides("group", "rows.csv", "user")
rows, parts = splits("group", "rows.csv")
for name, ratio in (("train", .8), ("test", .1), ("eval", .1)):
    assert abs(len(parts[name]) - ratio * len(rows)) <= 1, (name, len(parts[name]))
PY
runs 0 "the same on one thread" group.json --out group-1 --set split.by=user --jobs 1
check "gives the same bytes" diff -r group group-1
sed 1q rows.csv >turned.csv && sed 1d rows.csv | tac >>turned.csv
runs 0 "the rows in another order" group.json --in turned.csv --out turned --set split.by=user
check "keep their split" python3 - <<'PY'
from splits import *
assert sides("group", "rows.csv", "user") == sides("turned", "turned.csv", "user")
PY
runs 0 "another seed" group.json --out group-2 --set split.by=user --set split.seed=2
check "makes another split" bash -c '! cmp -s group/test.csv group-2/test.csv'
runs 0 "two columns" group.json --out pairs --set 'split.by=["user","site"]'
check "make finer groups" python3 - <<'PY'
from splits import *
side = {}
for name, part in splits("pairs", "rows.csv")[1].items():
    for row in part:
        assert side.setdefault((row["user"], row["site"]), name) == name
PY
runs 0 "stratified groups" group.json --out strat --set split.by=user --set split.stratify=label
check "spread the classes too" python3 - <<'PY'
from splits import *
def error(folder):
    rows, parts = splits(folder, "rows.csv")
    share = lambda rows, label: sum(row["label"] == label for row in rows) / len(rows)
    return max(abs(share(part, label) - share(rows, label)) for part in parts.values() for label in "abc")
sides("strat", "rows.csv", "user")
print(error("strat"), error("group"))
assert error("strat") < 0.01 and error("strat") < error("group")
PY
runs 0 "the rows in another order" group.json --in turned.csv --out strat-turned --set split.by=user --set split.stratify=label
check "keep their split" python3 - <<'PY'
from splits import *
assert sides("strat", "rows.csv", "user") == sides("strat-turned", "turned.csv", "user")
PY
runs 0 "a giant group" group.json --in giant.csv --out giant --set 'split.ratios={"train":0.5,"test":0.25,"eval":0.25}' --set split.by=user --set split.stratify=label
says "is named" 'ratios cannot be reached with whole groups.*largest of 501, "1", has 2000 of 3000'
check "is whole" python3 - <<'PY'
from splits import *
sides("giant", "giant.csv", "user")
PY
runs 0 "as many groups as rows, fewer than splits" group.json --in two.csv --out two --set split.by=id
says "leave a split empty, with a warning" '"(test|eval)" gets no record of 2'
runs 0 "one record" group.json --in one.csv --out one --set split.by=id
runs 1 "no record" group.json --in none.csv --set split.by=id
says "is an error" 'the input has no records'
runs 1 "a record without a group" group.json --in holes.csv --set split.by=user
says "is rejected" 'holes.csv:2: .*no value in "user"'
runs 0 "records without a group, apart" group.json --in holes.csv --out group-apart --set split.by=user --set split.missing=apart
check "go everywhere" python3 - <<'PY'
from splits import *
assert all(sum(row["user"] == "" for row in part) > 10 for part in splits("group-apart", "holes.csv")[1].values())
PY
runs 3 "no column" group.json --set 'split.by=[]'
says "is an error" 'option "by" names no column'

# --- split.time ---

runs 0 "split.time by a timestamp" time.json --out time --set split.by=when
check "is in the order of time, and exact" python3 - <<'PY'
from splits import *
rows, parts = splits("time", "rows.csv")
when = {name: [row["when"] for row in part] for name, part in parts.items()}
assert max(when["train"]) < min(when["eval"]) and max(when["eval"]) < min(when["test"])
for name, ratio in (("train", .8), ("test", .1), ("eval", .1)):
    assert abs(len(parts[name]) - ratio * len(rows)) <= 4, (name, len(parts[name]))  # some times come twice
PY
runs 0 "split.time with many equal values" time.json --out ties --set split.by=n
check "parts none of them, and cuts at the nearest place" python3 - <<'PY'
from splits import *
import collections
rows, parts = splits("ties", "rows.csv")
sides("ties", "rows.csv", "n")
count = collections.Counter(int(row["n"]) for row in rows)
ends = [sum(count[v] for v in range(n + 1)) for n in range(40)]
nearest = lambda wanted: min([0] + ends, key=lambda end: abs(end - wanted))
assert len(parts["train"]) == nearest(2400), (len(parts["train"]), nearest(2400))
assert len(parts["train"]) + len(parts["eval"]) == nearest(2700)
PY
runs 0 "split.time by a real number" time.json --out real --set split.by=x
check "is in order" python3 - <<'PY'
from splits import *
x = {name: [float(row["x"]) for row in part] for name, part in splits("real", "rows.csv")[1].items()}
joined = [v for name in ("train", "eval", "test") for v in sorted(x[name])]
assert joined == sorted(joined)
PY
runs 0 "cuts" time.json --out cuts --set split.by=when --set 'split.cuts=["2024-06-01","2024-09-15T12:00:00Z"]'
check "are where the splits begin" python3 - <<'PY'
from splits import *
rows, parts = splits("cuts", "rows.csv")
assert [row["id"] for row in parts["train"]] == [row["id"] for row in rows if row["when"] < "2024-06-01"]
assert [row["id"] for row in parts["test"]] == [row["id"] for row in rows if row["when"] >= "2024-09-15T12:00:00Z"]
PY
runs 0 "a cut at a value" time.json --out at --set split.by=n --set 'split.cuts=["10","20"]' --set 'split.gap="3"'
check "belongs to the later split, and the gap to none" python3 - <<'PY'
from splits import *
rows, parts = splits("at", "rows.csv", whole=False)
values = {name: sorted({int(row["n"]) for row in part}) for name, part in parts.items()}
assert values == {"train": list(range(8)), "eval": list(range(10, 18)), "test": list(range(20, 40))}, values
PY
says "is said" 'records are less than 3 before a cut and left out'
runs 0 "a gap of days" time.json --out days --set split.by=when --set 'split.cuts=["2024-06-01","2024-09-15"]' --set split.gap=10d
check "leaves out what is nearer" python3 - <<'PY'
from splits import *
rows, parts = splits("days", "rows.csv", whole=False)
assert max(row["when"] for row in parts["train"]) <= "2024-05-22T00:00:00Z"
assert max(row["when"] for row in parts["eval"]) <= "2024-09-05T00:00:00Z"
PY
runs 1 "a record without a time" time.json --in holes.csv --set split.by=n
says "is rejected" 'holes.csv:2: .*no value in "n"' 'hint: option "missing"'
runs 0 "records without a time to the last split" time.json --in holes.csv --out last --set split.by=n --set split.missing=last
says "are counted" '300 records have no value in "n" and go to "test"'
runs 3 "a cut that is no number" time.json --set split.by=n --set 'split.cuts=["10","x"]'
says "is named" 'option "cuts".*x'
runs 3 "cuts that fall" time.json --set split.by=n --set 'split.cuts=["10","9"]'
says "are named" '"9" does not come after "10"'
runs 3 "too few cuts" time.json --set split.by=n --set 'split.cuts=["10"]'
says "are counted" '1 values for the 3 splits'
runs 3 "a bad gap" time.json --set split.by=when --set split.gap=soon
says "is named" 'option "gap"'
runs 3 "a column of text" time.json --set split.by=label
runs 0 "one record" time.json --in one.csv --out time-1 --set split.by=n
says "leaves splits empty" '"test" gets no record of 1'
runs 1 "no record" time.json --in none.csv --set split.by=n --set 'load.columns={"id":"i64","user":"i64","site":"utf8","label":"utf8","when":"utf8","n":"i64","x":"f64"}'
says "is an error" 'no records'

# --- split.multilabel ---

labels="multilabel.json --in labels.jsonl --type jsonl"
# shellcheck disable=SC2086
{
  runs 0 "split.multilabel" $labels --out multi
  check "gives each split its share of each label, and exact sizes" python3 - <<'PY'
from splits import *
rows, parts = splits("multi", "labels.jsonl")
assert [len(parts[n]) for n in ("train", "test", "eval")] == [3200, 400, 400]
for label in "abcdefgh":
    n = sum(label in row["labels"] for row in rows)
    for name, ratio in (("train", .8), ("test", .1), ("eval", .1)):
        got = sum(label in row["labels"] for row in parts[name])
        assert abs(got - n * ratio) < 3, (label, name, got, n * ratio)
PY
  runs 0 "the same on one thread" $labels --out multi-1 --jobs 1
  check "gives the same bytes" diff -r multi multi-1
  runs 0 "with pairs" $labels --out multi-2 --set split.order=2
  check "spreads the pairs" python3 - <<'PY'
from splits import *
rows, parts = splits("multi-2", "labels.jsonl")
for a, b in ("ab", "ac", "bc", "ad"):
    n = sum(a in row["labels"] and b in row["labels"] for row in rows)
    for name, ratio in (("train", .8), ("test", .1), ("eval", .1)):
        got = sum(a in row["labels"] and b in row["labels"] for row in parts[name])
        assert abs(got - n * ratio) < 3, (a, b, name, got, n * ratio)
PY
  runs 0 "several columns" $labels --out multi-3 --set 'split.by=["labels","main","tags"]'
  check "whole" python3 -c 'from splits import *; splits("multi-3", "labels.jsonl")'
  runs 0 "another seed" $labels --out multi-4 --set split.seed=5
  check "makes another split" bash -c '! cmp -s multi/test.jsonl multi-4/test.jsonl'
}
echo '{"id": 1, "labels": ["a", "b"]}' >one.jsonl
runs 0 "one record" multilabel.json --in one.jsonl --type jsonl --out multi-one
check "goes to the largest split" test -s multi-one/train.jsonl
runs 3 "no column" multilabel.json --set 'split.by=[]'

# --- split.clusters ---

python3 - <<'PY'
import csv, random
r = random.Random(9)
words = [a + b for a in ("ba", "de", "fi", "go", "lu", "mo", "ne", "pa") for b in ("ka", "len", "mi", "nor", "tas")]
with open("texts.csv", "w", newline="") as f:
    w = csv.writer(f, lineterminator="\n")
    w.writerow(["id", "family", "text", "label"])
    rows = []
    for family in range(600):
        text = " ".join(r.choice(words) for _ in range(14))
        for copy in range(1 + (family % 3)):
            rows.append([family, text + " " + "xyzw"[copy], "ab"[family % 5 == 0]])
    rows += [[600 + i, "", "a"] for i in range(20)]
    r.shuffle(rows)
    w.writerows([i] + row for i, row in enumerate(rows))
PY
runs 0 "split.clusters" clusters.json --in texts.csv --out clusters --set split.stratify=label
says "counts them" '1000 of 1220 records have a near-duplicate, in 400 clusters'
check "keeps families together, near the ratios, classes too" python3 - <<'PY'
from splits import *
rows, parts = splits("clusters", "texts.csv")
sides("clusters", "texts.csv", "family")
share = lambda rows: sum(row["label"] == "b" for row in rows) / len(rows)
for name, ratio in (("train", .8), ("test", .1), ("eval", .1)):
    assert abs(len(parts[name]) - ratio * len(rows)) <= 2, (name, len(parts[name]))
    assert abs(share(parts[name]) - share(rows)) < 0.02
PY
runs 0 "the same on one thread" clusters.json --in texts.csv --out clusters-1 --set split.stratify=label --jobs 1
check "gives the same bytes" diff -r clusters clusters-1
runs 0 "a threshold that only equal texts reach" clusters.json --in texts.csv --out equal --set split.threshold=1
says "joins nothing, not even the empty ones" '0 of 1220 records have a near-duplicate, in 0 clusters'
runs 3 "a column that is not there" clusters.json --set split.text=text
says "is an error" 'column "text"'
plan
