#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes records as JSON Lines, for measuring memory: gen_records.py FILE [MEGABYTES].

A record is an id, a text of about 1 KB of made-up words, a source and a score; one in a thousand has a text of 100 KB,
one in ten thousand of 1 MB. The same seed gives the same bytes.
"""
import json
import random
import sys

CONSONANTS, VOWELS = "bcdfghjklmnprstvwz", "aeiou"
TEXTS = 2000  # different ones of 1 KB; longer ones are made of them


def word(rng):
    return "".join(rng.choice(CONSONANTS) + rng.choice(VOWELS) for _ in range(rng.randint(1, 4)))


def text(rng, words):
    picked = [rng.choice(words) for _ in range(rng.randint(80, 250))]
    picked[::17] = [w.capitalize() + rng.choice((".", ",", "\n", " “é”", ' "so"')) for w in picked[::17]]
    return " ".join(picked)


def main():
    path, megabytes = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 200
    rng = random.Random(23)
    words = [word(rng) for _ in range(5000)]
    texts = [json.dumps(text(rng, words), ensure_ascii=False)[1:-1] for _ in range(TEXTS)]
    size, number = 0, 0
    with open(path, "wb", buffering=1 << 20) as out:
        while size < megabytes * 10**6:
            times = 1000 if number % 10000 == 9999 else 100 if number % 1000 == 999 else 1
            body = "\\n".join(texts[(number * 7 + k) % TEXTS] for k in range(times))
            line = '{"id": %d, "text": "%s", "source": "s%d", "score": %.4f}\n' % (
                number, body, number % 13, number * 7919 % 10007 / 10007)
            size += out.write(line.encode())
            number += 1


if __name__ == "__main__":
    main()
