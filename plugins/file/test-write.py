#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests file.write from outside: every format and compression, read again by other programs, and what must fail."""
import bz2
import csv
import fnmatch
import gzip
import json
import lzma
import os
import shutil
import subprocess
import sys
import tempfile

RUN = os.path.join(os.environ["top_builddir"], "pipeline-run")
FOLDER = tempfile.mkdtemp()
ROWS = [{"id": k, "text": "row \"%d\", é\n" % k if k % 3 else "", "score": k / 7, "ok": k % 2 == 0,
         "tags": ["a", str(k)][: k % 3]} for k in range(5000)]
results = []


def report(name, ok, *why):
    results.append(ok)
    print("%s %d - %s" % ("ok" if ok else "not ok", len(results), name))
    if not ok:
        for line in why:
            print("# " + str(line).replace("\n", "\n# "))


def path(name):
    return os.path.join(FOLDER, name)


def run(read, options, *flags):
    """Reads and writes; returns (exit code, errors and warnings)."""
    if not isinstance(read, dict):
        read = {"path": read}
    with open(path("p.json"), "w") as out:
        json.dump({"weir": 1, "name": "t", "stages": {
            "read": {"use": "file.read", "options": read},
            "write": {"use": "file.write", "from": "read", "options": options}}}, out)
    shutil.rmtree(path("run"), ignore_errors=True)
    done = subprocess.run([RUN, "p.json", "--run-dir", "run", *flags], cwd=FOLDER, capture_output=True, text=True,
                          timeout=120)
    return done.returncode, done.stderr


def lines(data):
    return [json.loads(line) for line in data.decode().split("\n")[:-1]]


def leftovers():
    return [name for root, _, names in os.walk(FOLDER) for name in names if name.endswith(".tmp")]


def fails(name, read, options, says, code=1, flags=()):
    got, said = run(read, options, *flags)
    target = options.get("path", "")
    report(name, got == code and fnmatch.fnmatch(said, "*" + says + "*") and not leftovers()
           and not os.path.isfile(path(target)), got, said, leftovers())


def formats():
    for name, opener in (("o.jsonl", open), ("o.jsonl.gz", gzip.open), ("o.jsonl.xz", lzma.open), ("o.jsonl.bz2", bz2.open)):
        code, said = run("rows.jsonl", {"path": "new/folder/" + name})
        with opener(path("new/folder/" + name), "rb") as file:
            report(name, code == 0 and lines(file.read()) == ROWS, code, said)
    code, said = run("rows.jsonl", {"path": "o.jsonl.zst", "level": 19})
    code2, said2 = run("o.jsonl.zst", {"path": "back.jsonl"})
    with open(path("back.jsonl"), "rb") as file:
        report("o.jsonl.zst and back", code == code2 == 0 and lines(file.read()) == ROWS, said, said2)
    code, said = run("rows.jsonl", {"path": "o.csv"})
    with open(path("o.csv"), newline="") as file:
        got = list(csv.DictReader(file))
    report("csv", code == 0 and [(int(r["id"]), r["text"], float(r["score"]), r["ok"] == "true", json.loads(r["tags"]))
                                 for r in got] == [tuple(r.values()) for r in ROWS], code, said, got[:3])
    code, said = run("rows.jsonl", {"path": "o.json", "pretty": True})
    with open(path("o.json")) as file:
        report("json", code == 0 and json.load(file) == ROWS, code, said)
    code, said = run("rows.jsonl", {"path": "o.dat", "format": "tsv", "quote": "\""})
    with open(path("o.dat"), newline="") as file:
        got = list(csv.reader(file, delimiter="\t"))
    report("tsv with quotes", code == 0 and len(got) == 5001 and got[2][1] == ROWS[1]["text"], code, said, got[:3])
    code, said = run("rows.jsonl", {"path": "omit.jsonl", "omit": ["tags", "score"]})
    report("columns are left out", code == 0 and lines(open(path("omit.jsonl"), "rb").read())
           == [{k: row[k] for k in ("id", "text", "ok")} for row in ROWS], said)
    with open(path("named.csv"), "w") as out:
        out.write("_row_id,_row-b,a\n1,2,3\n")
    code, said = run("named.csv", {"path": "named.jsonl"})
    with open(path("named.jsonl")) as file:
        report("only the readers' _row is left out", code == 0 and file.read() == "{\"_row_id\":1,\"_row-b\":2,\"a\":3}\n", code, said)
    code, said = run("rows.jsonl", {"path": "o.txt", "column": "text"})
    with open(path("o.txt")) as file:
        report("text", code == 0 and file.read() == "".join(r["text"] + "\n" for r in ROWS), code, said)


def whole_or_not():
    for name in ("a.csv.gz", "b.csv.gz"):
        run("rows.jsonl", {"path": name})
    with open(path("a.csv.gz"), "rb") as a, open(path("b.csv.gz"), "rb") as b:
        report("the same bytes twice", a.read() == b.read())
    with open(path("old.jsonl"), "w") as out:
        out.write("{\"a\":1}\n")
    with open(path("broken.jsonl"), "w") as out:
        out.write("".join("{\"a\":%d}\n" % k for k in range(50000)) + "{\"a\":\n")
    code, said = run("broken.jsonl", {"path": "old.jsonl"})
    with open(path("old.jsonl")) as file:
        report("a failed run leaves the old file", code == 1 and file.read() == "{\"a\":1}\n" and not leftovers(), code, said)
    code, said = run("rows.jsonl", {"path": "old.jsonl"})
    with open(path("old.jsonl"), "rb") as file:
        report("a good run replaces it", code == 0 and lines(file.read()) == ROWS, code, said)


def few_records():
    declared = {"path": "none.jsonl", "columns": {"a": "i64", "b": "utf8?"}}
    expected = {"z.csv": "a,b\n", "z.json": "[]\n", "z.jsonl": "", "z.tsv": "a\tb\n"}
    for name, content in expected.items():
        code, said = run(declared, {"path": name})
        with open(path(name)) as file:
            report("no records as " + name, code == 0 and file.read() == content, code, said)
    code, said = run("one.jsonl", {"path": "m.json", "single": True})
    with open(path("m.json")) as file:
        report("one record as an object", code == 0 and file.read() == "{\"a\":1,\"x\":0.5}\n", code, said)
    fails("single with no record", declared, {"path": "n.json", "single": True}, "but none has come")
    fails("single with many", "rows.jsonl", {"path": "n.json", "single": True}, "more than one has come")
    with open(path("odd.csv"), "w") as out:
        out.write("a\n1.5\nNaN\ninf\n")
    code, said = run("odd.csv", {"path": "odd.jsonl"})
    with open(path("odd.jsonl")) as file:
        report("NaN becomes null, with a warning", code == 0 and file.read() == "{\"a\":1.5}\n{\"a\":null}\n{\"a\":null}\n"
               and "2 values" in said, code, said)


def mistakes():
    fails("a name that says nothing", "one.jsonl", {"path": "x.dat"}, "does not say what to write*\"format\"", 3)
    fails("an option of another format", "one.jsonl", {"path": "x.csv", "pretty": True}, "\"pretty\" is for JSON*csv", 3)
    fails("level without compression", "one.jsonl", {"path": "x.csv", "level": 3}, "\"level\" is for compressed files", 3)
    fails("level beyond the compression's", "one.jsonl", {"path": "x.csv.gz", "level": 12}, "levels from 1 to 9", 3)
    fails("two characters", "one.jsonl", {"path": "x.csv", "delimiter": "ab"}, "\"delimiter\" is one ASCII character", 3)
    fails("delimiter and quote alike", "one.jsonl", {"path": "x.csv", "delimiter": "\""}, "the same character", 3)
    fails("null with a delimiter", "one.jsonl", {"path": "x.csv", "null": ","}, "\"null\" holds", 3)
    fails("an unknown column", "one.jsonl", {"path": "x.txt", "column": "aa"}, "\"aa\"*", 3)
    fails("an unknown column to leave out", "one.jsonl", {"path": "x.csv", "omit": ["aa"]}, "\"aa\"*", 3)
    fails("a number as text", "one.jsonl", {"path": "x.txt", "column": "a"}, "\"a\"*", 3)
    fails("text of two columns", "one.jsonl", {"path": "x.txt"}, "there are 2; name it in \"column\"", 3, ["--check"])
    fails("a tab in TSV", "tab.jsonl", {"path": "x.tsv"}, "cannot write record 2*column \"t\" holds a delimiter")
    os.mkdir(path("folder.csv"))
    fails("a directory in the way", "one.jsonl", {"path": "folder.csv"}, "folder.csv*is a folder", 3, ["--check"])
    fails("a file as folder", "one.jsonl", {"path": "tab.jsonl/x.csv"}, "tab.jsonl*Not a directory", 3, ["--check"])
    fails("a full disk", "rows.jsonl", {"path": "/dev/full", "format": "jsonl"}, "No space left on device*")
    fails("a full disk, compressed", "rows.jsonl", {"path": "/proc/self/x.jsonl.gz"}, "cannot*", 3)
    if os.geteuid() != 0:
        os.mkdir(path("ro"), 0o555)
        fails("a read-only folder", "one.jsonl", {"path": "ro/x.csv"}, "Permission denied*", 3, ["--check"])


def main():
    with open(path("rows.jsonl"), "w") as out:
        out.write("".join(json.dumps(row) + "\n" for row in ROWS))
    with open(path("one.jsonl"), "w") as out:
        out.write("{\"a\":1,\"x\":0.5}\n")
    with open(path("tab.jsonl"), "w") as out:
        out.write("{\"t\":\"x\"}\n{\"t\":\"x\\ty\"}\n")
    with open(path("none.jsonl"), "w") as out:
        out.write("\n")
    for test in (formats, whole_or_not, few_records, mistakes):
        test()
    print("1..%d" % len(results))
    shutil.rmtree(FOLDER)
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
