#!/bin/bash
# SPDX-License-Identifier: MIT
# Leaks that were planted are found, and nothing else is; what happens then; and bad input.
. "${top_srcdir:?}/tests/e2e/lib.sh" || exit 99

python3 - <<'PY'
import csv, random
r = random.Random(8)
words = [a + b for a in ("ba", "de", "fi", "go", "lu", "mo", "ne", "pa", "ri", "su") for b in ("ka", "len", "mi", "nor", "tas", "vu")]
text = lambda: " ".join(r.choice(words) for _ in range(r.randrange(8, 16)))

def write(path, rows):
    with open(path, "w", newline="") as f:
        w = csv.writer(f, lineterminator="\n")
        w.writerow(["id", "user", "text", "label"])
        w.writerows(rows)

train = [[i, "u%d" % i, text(), r.choice("ab")] for i in range(2000)]
test = [[i, "v%d" % i, text(), r.choice("ab")] for i in range(500)]
write("train.csv", train)
write("test.csv", test)
write("none.csv", [])

def planted(change, label=None):
    """The test rows with a changed training text in rows 100 to 119."""
    rows = [row[:] for row in test]
    for i in range(100, 120):
        rows[i][2] = change(train[i * 7][2])
        rows[i][3] = label or train[i * 7][3]
    return rows

def swap(n):
    def change(text):
        parts = text.split()
        for i in r.sample(range(len(parts)), n):
            parts[i] = "zz" + parts[i]
        return " ".join(parts)
    return change

write("exact.csv", planted(lambda t: t))
write("case.csv", planted(lambda t: "  " + t.upper().replace(" ", " \t ")))
write("relabelled.csv", planted(lambda t: t, label="other"))
write("near.csv", planted(swap(1)))
write("far.csv", planted(swap(8)))
one = [row[:] for row in test]
one[77][2] = train[3][2] + " indeed"
write("one.csv", one)
users = [row[:] for row in test]
users[10][1] = users[20][1] = "u5"
users[30][1] = ""
write("users.csv", users)
write("odd.csv", [[1, "", "", "a"], [2, "", "x", ""], [3, "", "", ""]])
PY
cat >check.json <<'JSON'
{ "weir": 1, "name": "check",
  "parameters": { "test": { "type": "input-path", "default": "test.csv" }, "train": { "type": "input-path", "default": "train.csv" },
                  "out": { "type": "output-path", "default": "leaks.csv" } },
  "stages": {
    "train": { "use": "file.read", "options": { "path": "${train}" } },
    "test": { "use": "file.read", "options": { "path": "${test}", "columns": { "id": "i64", "user": "utf8", "text": "utf8", "label": "utf8" }, "header": "yes" } },
    "check": { "use": "check.leakage", "from": { "train": "train", "test": "test" } },
    "leaks": { "use": "file.write", "from": "check.leaks", "options": { "path": "${out}" } } } }
JSON
# leaks FILE PYTHON...: an expression of `rows`, the leaks in the file.
leaks() { python3 -c "
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1], newline='')))
assert eval(sys.argv[2]), rows[:5]" "$@"; }

runs 0 "splits without a leak" check.json
says "are said to have none" 'no leak: 0 leaks between 1 pair of splits'
check "an empty list" leaks leaks.csv 'rows == []'

runs 1 "one planted near-duplicate" check.json --test one.csv --out one-leaks.csv
says "is shown with both lines and both texts" '1 of 500 records of "test" \(0.20 %\) are in "train" too \(near 1\)' \
  'near 0\.[89].*train, line 5: .*test, line 79: .* indeed"' 'hint: .*split.clusters'
absent "no file is written" one-leaks.csv
sed 's|"path": "${test}"|"path": ["test.csv", "${test}"]|' check.json >two-files.json
runs 1 "a split of two files" two-files.json --test one.csv
says "is shown with the file's number" 'train, line 5: .*test, line 79 of source 3: '
runs 4 "held instead" check.json --test one.csv --out held.csv --set check.on-leak=hold
says "is said" 'held: .*"test" \(0.20 %\)'
check "its leak is in the file" leaks held.csv 'len(rows) == 1 and rows[0]["kind"] == "near" and float(rows[0]["similarity"]) > 0.8 and rows[0]["left"] == "train" and rows[0]["right"] == "test" and rows[0]["left_row"] == "5" and rows[0]["right_text"].endswith("indeed")'
runs 0 "warned of instead" check.json --test one.csv --out warned.csv --set check.on-leak=warn
says "is said" 'warning: the splits leak'
check "the same bytes" cmp held.csv warned.csv
runs 0 "within what is allowed" check.json --test one.csv --set check.max-leaks=1
runs 0 "within the share that is allowed" check.json --test one.csv --set check.max-share=0.002
runs 1 "beyond both" check.json --test one.csv --set check.max-share=0.001

for kind in exact case relabelled; do
  runs 4 "$kind" check.json --test $kind.csv --out $kind-leaks.csv --set check.on-leak=hold
  check "all of them are found, as equal" leaks $kind-leaks.csv 'len(rows) == 20 and all(r["kind"] == "exact" for r in rows)'
  runs 4 "$kind, without near ones" check.json --test $kind.csv --out $kind-fast.csv --set check.on-leak=hold --set check.near=false
  check "the same are found" cmp $kind-leaks.csv $kind-fast.csv
done
check "labels are shown" leaks relabelled-leaks.csv 'all(r["left_label"] in "ab" and r["right_label"] == "other" for r in rows)'
runs 0 "byte by byte, case matters" check.json --test case.csv --set check.near=false --set check.compare=bytes
runs 4 "one word of about twelve changed" check.json --test near.csv --out near-leaks.csv --set check.on-leak=hold --set check.threshold=0.6
check "is found, and exactly as similar as it is" python3 - <<'PY'
import csv
def shingles(text):
    text = " " + " ".join(text.lower().split()) + " "
    return {text[i:i + 5] for i in range(len(text) - 4)}
rows = list(csv.DictReader(open("near-leaks.csv", newline="")))
assert 18 <= len(rows) <= 20, len(rows)
for row in rows:
    a, b = shingles(row["left_text"]), shingles(row["right_text"])
    assert abs(float(row["similarity"]) - len(a & b) / len(a | b)) < 1e-6, row
PY
runs 0 "half of the words changed" check.json --test far.csv --set check.threshold=0.6
runs 4 "on one thread" check.json --test near.csv --out near-1.csv --set check.on-leak=hold --set check.threshold=0.6 --jobs 1
check "the same bytes" cmp near-leaks.csv near-1.csv
runs 4 "shingles of words" check.json --test near.csv --out near-words.csv --set check.on-leak=hold --set check.threshold=0.3 --set check.shingles=words --set check.size=2
check "find them too" leaks near-words.csv 'len(rows) >= 18'

runs 0 "keys that are apart" check.json --set check.keys=user
runs 4 "a user in both" check.json --test users.csv --out users-leaks.csv --set check.keys=user --set check.on-leak=hold
check "is found, each record of it; an empty one is no user" leaks users-leaks.csv \
  '[(r["kind"], r["left_row"], int(r["right_row"]) % 2**48) for r in rows] == [("key", "7", 12), ("key", "7", 22)]'
runs 1 "keys without a text" check.json --test users.csv --set check.keys=user --set 'check.text=[]'
says "are looked at alone" 'key 2\)'

# Three splits: every pair is looked at, the larger number of leaks in either named.
sed 's/"from": { "train": "train", "test": "test" }/"from": { "train": "train", "test": "test", "eval": "eval" }/
  s/"check": {/"eval": { "use": "file.read", "options": { "path": "exact.csv" } }, &/' check.json >three.json
runs 1 "three splits" three.json
says "each pair" '20 of 500 records of "eval" .* in "train" too' '480 of 500 records of "eval" .* in "test" too'

runs 0 "empty texts and keys" check.json --test odd.csv --set check.keys=user
runs 0 "a split without records" check.json --test none.csv
runs 0 "both without records" check.json --test none.csv --train none.csv --set 'train.columns={"id":"i64","user":"utf8","text":"utf8","label":"utf8"}'
runs 3 "a text column that is not there" check.json --set check.text=txt
says "is named" 'has no column "txt"'
runs 3 "neither text nor keys" check.json --set 'check.text=[]'
runs 3 "a threshold out of range" check.json --set check.threshold=1.5
sed 's/, "test": "test" }/ }/' check.json >alone.json
runs 3 "one split" alone.json
says "cannot leak" 'at least two'
plan
