#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the same records as CSV and as JSON Lines, for timing readers: gen_text.py FOLDER [MEGABYTES].

A record is an id, a text of 5 to 30 made-up words, a real score, a label and a count. In a tenth of the
records the text has line ends, commas and quotes; in another tenth it is not ASCII. The same seed gives the
same bytes.
"""
import csv
import io
import json
import random
import sys

RECORDS = 40_000  # different ones; they are repeated until the size is reached
CONSONANTS, VOWELS = "bcdfghjklmnprstvwz", "aeiou"
FOREIGN = ("äöüßéèñçå", "абвгдежзиклмнопрст", "中文字符数据学习模型", "αβγδεζηθικλ", "🙂🚀🌍")


def word(rng):
    return "".join(rng.choice(CONSONANTS) + rng.choice(VOWELS) for _ in range(rng.randint(1, 4)))


def foreign_word(rng):
    letters = rng.choice(FOREIGN)
    return "".join(rng.choice(letters) for _ in range(rng.randint(2, 8)))


def text(rng, number):
    words = [word(rng) for _ in range(rng.randint(5, 30))]
    if number % 10 == 3:
        words[1::3] = [w + rng.choice(("\n", ",", ' "' + w + '"', "\n\n")) for w in words[1::3]]
        words.append("\nend")
    elif number % 10 == 7:
        words[::2] = [foreign_word(rng) for _ in words[::2]]
    return " ".join(words)


def records(rng):
    for number in range(RECORDS):
        yield (rng.randrange(10**9), text(rng, number), round(rng.uniform(-1, 1), 6),
               "label_%02d" % rng.randrange(77), rng.randrange(1000))


def write(path, head, block, size):
    with open(path, "wb") as out:
        out.write(head)
        written = len(head)
        while written < size:
            written += out.write(block)


def main():
    folder, megabytes = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 200
    names = ("id", "text", "score", "label", "count")
    rows = list(records(random.Random(20)))
    block = io.StringIO()
    csv.writer(block, lineterminator="\n").writerows(rows)
    write(folder + "/bench.csv", (",".join(names) + "\n").encode(), block.getvalue().encode(), megabytes * 10**6)
    lines = "".join(json.dumps(dict(zip(names, row)), ensure_ascii=False) + "\n" for row in rows)
    write(folder + "/bench.jsonl", b"", lines.encode(), megabytes * 10**6)


if __name__ == "__main__":
    main()
