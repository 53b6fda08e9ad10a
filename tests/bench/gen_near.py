#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes records of which some are nearly the same as another: gen_near.py FILE [MEGABYTES].

A record is an id and a text of about 1 KB of made-up words. Every tenth text is a copy of one of the last 1,000, in which
some words were replaced; `pair` is then that one's id, and `jaccard` the exact Jaccard index of the sets of their runs of
5 characters, each text in lower case between two spaces. Copies are made until the index is 0.7 or more; half of them are
between 0.8 and 0.85, where near-duplicates are hardest to find. The same seed gives the same bytes.
"""
import json
import random
import sys


def shingles(text):
    text = " " + text + " "
    return {text[i:i + 5] for i in range(len(text) - 4)}


def jaccard(a, b):
    a, b = shingles(a), shingles(b)
    return len(a & b) / len(a | b)


def copy(rng, words, original, low, high):
    """A copy with an index within bounds: as many words are replaced as that takes."""
    parts = original.split(" ")
    changes = max(1, round(60 * (1 - (low + high) / 2)))
    while True:
        changed = list(parts)
        for at in rng.sample(range(len(parts)), changes):
            changed[at] = rng.choice(words)
        text = " ".join(changed)
        index = jaccard(original, text)
        if low <= index <= high:
            return text, index
        changes = max(1, min(len(parts) // 2, changes + (1 if index > high else -1)))


def main():
    path, megabytes = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 200
    rng = random.Random(29)
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(rng.choices(letters, k=rng.randint(2, 9))) for _ in range(30000)]
    recent, size, number = [], 0, 0
    with open(path, "w", buffering=1 << 20) as out:
        while size < megabytes * 10**6:
            record = {"id": number}
            if number % 10 == 9:
                pair, original = rng.choice(recent)
                low, high = rng.choice(((0.8, 0.85), (0.8, 0.85), (0.7, 0.8), (0.85, 1)))
                record["text"], record["jaccard"] = copy(rng, words, original, low, high)
                record["pair"] = pair
            else:
                record["text"] = " ".join(rng.choices(words, k=rng.randint(110, 190)))
                # Each is copied once at most, so that a cluster is a pair.
                recent.append((number, record["text"]))
                if len(recent) > 1000:
                    recent.pop(0)
            if "pair" in record:
                recent = [r for r in recent if r[0] != record["pair"]]
            size += out.write(json.dumps(record) + "\n")
            number += 1


if __name__ == "__main__":
    main()
