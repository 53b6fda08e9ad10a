# SPDX-License-Identifier: MIT
"""Multi-label splits beside a random one and iterative-stratification (Python), for bench.py.

    multilabel.py convert FOLDER FILE    a folder of goemotions as JSON Lines
    multilabel.py errors FILE PART...    how far a label's share is off at most: the parts, random parts of their sizes
    multilabel.py peer FILE              the same for iterative-stratification, with its seconds; exit code 2: not there
"""
import collections
import gzip
import json
import random
import statistics
import sys
import time


def labels_of(path):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line)["labels"] for line in f]


def error(rows, parts):
    """The largest difference between a label's share of a part and of all rows."""
    whole = collections.Counter(label for row in rows for label in row)
    largest = 0
    for part in parts:
        got = collections.Counter(label for row in part for label in row)
        largest = max(largest, max(abs(got[label] / len(part) - n / len(rows)) for label, n in whole.items()))
    return largest


def convert(folder, target):
    names = open(f"{folder}/labels.txt", encoding="utf-8").read().split()
    with gzip.open(f"{folder}/train.tsv.gz", "rt", encoding="utf-8", newline="\n") as rows, open(target, "w") as out:
        for line in rows:
            text, labels, comment = line.rstrip("\n").split("\t")
            out.write(json.dumps({"id": comment, "text": text,
                                  "labels": [names[int(i)] for i in labels.split(",")]}) + "\n")


def errors(source, *paths):
    rows, parts = labels_of(source), [labels_of(path) for path in paths]
    others = []
    for seed in range(10):
        shuffled, at, cut = rows[:], 0, []
        random.Random(seed).shuffle(shuffled)
        for part in parts:
            cut.append(shuffled[at:at + len(part)])
            at += len(part)
        others.append(error(rows, cut))
    print(json.dumps({"error": error(rows, parts), "random": statistics.median(others)}))


def peer(source):
    try:
        import numpy
        from iterstrat.ml_stratifiers import MultilabelStratifiedShuffleSplit
    except ImportError:
        sys.exit(2)
    rows = labels_of(source)
    names = sorted({label for row in rows for label in row})
    hot = numpy.array([[name in row for name in names] for row in rows], dtype=int)
    begin = time.perf_counter()
    train, rest = next(MultilabelStratifiedShuffleSplit(1, test_size=0.2, random_state=1).split(hot, hot))
    half, other = next(MultilabelStratifiedShuffleSplit(1, test_size=0.5, random_state=1).split(hot[rest], hot[rest]))
    seconds = time.perf_counter() - begin
    parts = [[rows[i] for i in part] for part in (train, rest[half], rest[other])]
    print(json.dumps({"error": error(rows, parts), "seconds": seconds, "sizes": [len(part) for part in parts]}))


if __name__ == "__main__":
    {"convert": convert, "errors": errors, "peer": peer}[sys.argv[1]](*sys.argv[2:])
