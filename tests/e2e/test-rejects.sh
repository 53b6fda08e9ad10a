#!/bin/bash
# SPDX-License-Identifier: MIT
# Bad records, as a user meets them: stopped at, rejected, limited, found again in rejects.jsonl.
. "$top_srcdir/tests/e2e/lib.sh"

cat >rows.csv <<'END'
text,label,score
one,a,1
two,b,2,more
three,,3
four,b
five,a,5
END
cat >notes.jsonl <<'END'
{"text": "six", "label": "b", "score": 6}
{"text": "seven", "label": null, "score": 7}
{"text": "eight", "label": "a", "score": 
{"text": "nine", "label": "a", "score": 9}
END
cat >p.json <<'END'
{ "weir": 1, "name": "bad",
  "stages": {
    "csv":   { "use": "file.read", "options": { "path": "rows.csv" } },
    "jsonl": { "use": "file.read", "options": { "path": "notes.jsonl" } },
    "split": { "use": "split.stratified", "from": "jsonl", "options": { "by": "label", "ratios": { "x": 0.5, "y": 0.5 } } },
    "a":     { "use": "file.write", "from": "csv", "options": { "path": "a.jsonl" } },
    "x":     { "use": "file.write", "from": "split.x", "options": { "path": "x.jsonl" } },
    "y":     { "use": "file.write", "from": "split.y", "options": { "path": "y.jsonl" } } } }
END

# --- Stopping ---
runs 1 "a bad row" p.json --run-dir stop
says "a bad row: what, where, and what to do" '(rows.csv:3|notes.jsonl:3):' 'hint: mend the record; with "on_error": "reject"'
absent "a bad row: nothing is written" a.jsonl x.jsonl stop/rejects.jsonl

# --- Rejecting ---
runs 0 "rejecting" p.json --run-dir reject --on-error reject
says "rejecting: each is told" 'csv +rejected: rows.csv:3' 'csv +rejected: rows.csv:5' 'jsonl +rejected: notes.jsonl:3' \
  '3 records were rejected: csv 2, jsonl 1; see reject/rejects.jsonl'
check "rejecting: what is left goes on" test "$(wc -l <a.jsonl) $(cat x.jsonl y.jsonl | wc -l)" = "3 3"
check "rejects.jsonl says where and why" python3 - "$PWD" <<'END'
import json, sys
rejects = [json.loads(line) for line in open("reject/rejects.jsonl")]
where = [(r["stage"], r["use"], r["source"], r["line"]) for r in rejects]
here = sys.argv[1]
assert where == [("csv", "file.read", here + "/rows.csv", 3), ("csv", "file.read", here + "/rows.csv", 5),
                 ("jsonl", "file.read", here + "/notes.jsonl", 3)], where
assert all(r["reason"] for r in rejects)
texts = [r["text"] for r in rejects]
assert texts == ["two,b,2,more", "four,b", '{"text": "eight", "label": "a", "score": '], texts
run = json.load(open("reject/run.json"))
assert run["rejects"] == 3
assert {s["stage"]: s["rejects"] for s in run["measured"]["stages"] if s["rejects"]} == {"csv": 2, "jsonl": 1}
END
for jobs in 1 4; do "$run" p.json --run-dir "jobs$jobs" --on-error reject -j $jobs -q; done
check "the same on any number of threads" cmp jobs1/rejects.jsonl jobs4/rejects.jsonl

# --- Nulls that the host finds, with the record; a long one is cut ---
python3 - <<'END'
import json
with open("long.jsonl", "w") as out:
    for i in range(20):
        print(json.dumps({"text": "long " + "é" * (200000 if i == 7 else 2), "label": None if i == 7 else "ab"[i % 2]}), file=out)
END
cat >need.json <<'END'
{ "weir": 1, "name": "need", "on_error": "reject", "max_rejects": 1,
  "stages": {
    "load": { "use": "file.read", "options": { "path": "long.jsonl", "columns": { "text": "utf8", "label": "utf8?" } } },
    "need": { "use": "test.text", "from": "load", "options": { "field": "label" } },
    "save": { "use": "file.write", "from": "need", "options": { "path": "m.jsonl" } } } }
END
runs 0 "a label that is missing" need.json --run-dir need --plugin-path "$top_builddir/framework/core/test-plugin/.libs" \
  --unsafe-plugins
says "is told" 'need +rejected: long.jsonl:8: column "label" is empty \(null\)' 'the record: .*long é'
check "a long record is cut" python3 - <<'END'
import json
(r,) = [json.loads(line) for line in open("need/rejects.jsonl")]
assert r["line"] == 8 and r["cut"] is True and r["record"]["label"] is None, r
assert r["record"]["text"].startswith("long éé") and r["record"]["text"].endswith("…")
assert len(json.dumps(r)) < 300000
END
check "the others go on" test "$(wc -l <m.jsonl)" = 19

# --- Records that are longer than a record may be ---
cat >copy.json <<'END'
{ "weir": 1, "name": "copy",
  "stages": {
    "load": { "use": "file.read", "options": { "path": "long.jsonl" } },
    "save": { "use": "file.write", "from": "load", "options": { "path": "m.jsonl" } } } }
END
runs 1 "a record that is too long" copy.json --run-dir long --max-record 100K
says "is told" 'long.jsonl:8: the record that begins here is longer than the limit of 100' '--max-record'
runs 0 "and can be rejected" copy.json --run-dir long2 --max-record 100K --on-error reject
says "as all others" 'load +rejected: long.jsonl:8: the record that begins here'
check "the others go on" test "$(wc -l <m.jsonl)" = 19
{ head -3 long.jsonl; python3 -c 'print("{\"text\": \"" + "y" * 900000, end="")'; } >long2.jsonl
sed 's/long.jsonl/long2.jsonl/' copy.json >copy2.json
runs 0 "a last line that is too long" copy2.json --run-dir long3 --max-record 100K --on-error reject
says "is rejected" 'rejected: long2.jsonl:4: the record that begins here' '1 record was rejected'
# In CSV a record may have many lines, and quotes that do not end it.
python3 -c 'print("id,text\n1,a\n2,\"" + "x\"\",\n" * 100000 + "\"\n3,b\n4\n5,c")' >long.csv
sed 's/"path": "long.jsonl"/"path": "long.csv", "columns": { "id": "i64", "text": "utf8" }/' copy.json >copy4.json
runs 1 "a record of many lines that is too long" copy4.json --run-dir lines --max-record 100K
says "is told" 'long.csv:3: the record that begins here is longer'
runs 0 "and can be rejected" copy4.json --run-dir lines2 --max-record 100K --on-error reject
check "with their text" python3 - <<'END'
import json
long, short = [json.loads(line) for line in open("lines2/rejects.jsonl")]
assert long["line"] == 3 and long["text"].startswith('2,"x"",\nx"",\n') and len(long["text"]) == 100 << 10, long
assert short["text"] == "4" and "cut" not in short, short
END
says "with the line after it known" 'rejected: long.csv:3: the record that begins here' 'rejected: long.csv:100005: the record has 1 field'
check "the others go on" test "$(cut -c 1-8 m.jsonl | tr -d '\n')" = '{"id":1,{"id":3,{"id":5,'
sed -i '3s/.*/2,"/' long.csv
sed -i 's/x"",/x/; s/^"$//' long.csv
runs 1 "a quote that is never closed" copy4.json --run-dir lines3 --max-record 100K --on-error reject
says "is told" 'long.csv:3: the record that begins here .* look for a quote'
# A list takes 8 bytes an item in memory and 2 in the file: it passes the reader, and is found when it is sent.
python3 -c '
for i in range(6): print("{\"id\": %d, \"n\": [%s]}" % (i, ",".join("1" * (20000 if i == 3 else 2))))' >lists.jsonl
sed 's/long.jsonl/lists.jsonl/' copy.json >copy3.json
runs 1 "a record that becomes too long" copy3.json --run-dir lists --max-record 100K
says "is told" 'lists.jsonl:4: the record has 156 KiB, most of it in column "n", and a record may have 100 KiB' 'hint: .*--max-record'
runs 0 "and can be rejected" copy3.json --run-dir lists2 --max-record 100K --on-error reject
says "as all others" 'load +rejected: lists.jsonl:4: the record has'
check "the others go on" test "$(wc -l <m.jsonl)" = 5

# --- Limits ---
runs 1 "too many" p.json --run-dir many --on-error reject --max-rejects 1
says "too many: the first few, and all" 'more than 1 records? cannot be used' 'rows.csv:3' 'rows.csv:5' 'rejects.jsonl'
check "too many: rejects.jsonl is there" grep -q 'rows.csv' many/rejects.jsonl
clean "too many: no temporary file" many
runs 2 "a word that is neither" p.json --on-error rejct
says "is explained" '--on-error is stop or reject, not "rejct"; did you mean "reject"'
runs 2 "a number that is none" p.json --max-rejects many
sed 's/"use": "file.read", "options": { "path": "rows/"use": "file.read", "on_error": "stop", "options": { "path": "rows/' p.json >own.json
runs 1 "a stage that says so itself" own.json --run-dir own --on-error reject
says "stops" 'stage "csv".*rows.csv:3'
plan
