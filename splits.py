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
