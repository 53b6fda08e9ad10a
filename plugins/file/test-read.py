#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests file.read from outside: files of every kind, whole, damaged and wrong, through pipeline-run."""
import bz2
import csv
import fnmatch
import gzip
import json
import lzma
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

RUN = os.path.join(os.environ["top_builddir"], "pipeline-run")
FOLDER = tempfile.mkdtemp()
SAMPLE = b"id,text,score\n" + b"".join(b"%d,row %d,%.2f\n" % (k, k, k / 4) for k in range(9000))
results = []


def report(name, ok, *why):
    results.append(ok)
    print("%s %d - %s" % ("ok" if ok else "not ok", len(results), name))
    if not ok:
        for line in why:
            print("# " + str(line).replace("\n", "\n# "))


def run(options, *flags):
    """Reads with the options; returns (exit code, records or None, columns as "name:type, …", errors and warnings)."""
    if not isinstance(options, dict):
        options = {"path": options}
    with open(FOLDER + "/p.json", "w") as out:
        json.dump({"weir": 1, "name": "t", "stages": {
            "read": {"use": "file.read", "discard": ["out"], "options": options}}}, out)
    shutil.rmtree(FOLDER + "/run", ignore_errors=True)
    done = subprocess.run([RUN, "p.json", "--json", "--run-dir", "run", *flags], cwd=FOLDER, capture_output=True,
                          text=True, timeout=120)
    records = types = None
    said = done.stderr
    for line in done.stdout.splitlines():
        event = json.loads(line)
        if event.get("event") in ("error", "log"):
            said += event["text"] + "\n"
        if event.get("event") == "summary":
            records = event["stages"][0]["records_out"] if event.get("stages") else None
    if os.path.exists(FOLDER + "/run/run.json"):
        with open(FOLDER + "/run/run.json") as file:
            columns = json.load(file)["plan"]["stages"][0]["outputs"]["out"]["columns"]
        types = ", ".join(c["name"] + ":" + c["type"] for c in columns)
    return done.returncode, records, types, said


def write(name, data):
    with open(os.path.join(FOLDER, name), "wb") as out:
        out.write(data if isinstance(data, bytes) else data.encode())
    return name


def reads(name, options, records, types=None, says=None, flags=()):
    code, got, columns, text = run(options, *flags)
    ok = code == 0 and got == records and (types is None or columns == types) and (says is None or says in text)
    report(name, ok, (code, got, columns), text)


def fails(name, options, code, says):
    """`says` is a pattern for what the first line says behind the stage's name."""
    got, _, _, text = run(options)
    report(name, got == code and fnmatch.fnmatchcase(text, "*" + says + "*"), "exit code %d" % got, text)


def test_formats():
    reads("csv", write("a.csv", SAMPLE), 9000, "id:i64?, text:utf8, score:f64?, _row:u64")
    reads("tsv: quotes mean nothing", write("a.tsv", 'a\tb\n1\t"x\n2\ty"z\n'), 2, "a:i64?, b:utf8, _row:u64")
    reads("tsv without a name that says so", write("spam", "ham\tSo it goes\nspam\tBuy, now\nham\tOk\n"), 3,
          "c1:utf8, c2:utf8, _row:u64")
    reads("json lines", write("a.jsonl", '{"a": 1, "t": "x"}\n{"a": 2, "t": null}\n'), 2, "a:i64?, t:utf8?, _row:u64")
    reads("json", write("a.json", '[{"a": 1}, {"a": 2.5}]'), 2, "a:f64?, _row:u64")
    reads("an object over several lines", write("o.json", '{\n  "a": 1\n}\n'), 1, "a:i64?, _row:u64")
    reads("json lines named json", write("l.json", '{"a": 1}\n{"a": 2}\n'), 2, "a:i64?, _row:u64")
    reads("text, with blank lines", write("a.txt", "one\n\nthree\r\nfour"), 4, "text:utf8, _row:u64")
    reads("a name that says something else", write("b.csv", '{"a": 1}\n'), 1, "a:i64?, _row:u64", "the name says csv")
    reads("format given", {"path": write("c.csv", '{"a": 1}\n'), "format": "text"}, 1, "text:utf8, _row:u64")
    reads("semicolons", write("s.csv", "a;b\n1,5;x\n2,5;y\n"), 2, "a:utf8, b:utf8, _row:u64")
    reads("no header", {"path": write("n.csv", "1,x\n2,y\n"), "row": False}, 2, "c1:i64?, c2:utf8",
          "was read as having no header, so its columns are called c1, c2")
    reads("byte order mark", write("m.csv", b"\xef\xbb\xbfa,b\n1,x\n"), 1, "a:i64?, b:utf8, _row:u64")
    reads("declared names and types", {"path": "n.csv", "columns": {"n": "f32", "t": "utf8?"}, "row": False}, 2,
          "n:f32, t:utf8?")
    reads("header only", write("h.csv", "a,b\n"), 0, "a:utf8, b:utf8, _row:u64", "no records")


def test_compression():
    packed = {"gz": gzip.compress(SAMPLE), "bz2": bz2.compress(SAMPLE), "xz": lzma.compress(SAMPLE)}
    if shutil.which("zstd"):
        packed["zst"] = subprocess.run(["zstd", "-qc"], input=SAMPLE, capture_output=True).stdout
    for suffix, data in packed.items():
        reads(suffix, write("z.csv." + suffix, data), 9000)
        fails(suffix + ", truncated", write("cut.csv." + suffix, data[:-40]), 3, ": the * end too early*truncated")
        fails(suffix + ", with garbage behind it", write("tail.csv." + suffix, data + b"garbage" * 9), 3, ": *damaged")
    for n in (1, 4, 8):
        fails("gz, its last %d bytes missing" % n, write("trailer.csv.gz", packed["gz"][:-n]), 3, ": the gzip data end too early*truncated")
    reads("gz without a name that says so", write("z.csv", packed["gz"]), 9000)
    reads("gz of two members", write("two.csv.gz", packed["gz"] + gzip.compress(b"9000,x,1\n")), 9001)
    reads("gz with zeros behind it", write("zeros.csv.gz", packed["gz"] + bytes(512)), 9000)
    reads("a name that says gz, but is not", write("plain.csv.gz", b"a,b\n1,2\n"), 1, None, "not compressed")
    big = b"a,b\n" + b"".join(b"%d,%d\n" % (k, k * 7919) for k in range(300000))
    data = gzip.compress(big, 1)
    fails("gz, truncated behind the sample", write("late.csv.gz", data[:len(data) // 2 + 99999]), 1,
          "late.csv.gz: the gzip data end too early, after *truncated")
    reads("a bomb is read in little memory", write("bomb.csv.gz", gzip.compress(b"a\n" + b"1\n" * 20_000_000)), 20_000_000)


def test_paths():
    write("p1.csv", "a,b\n1,x\n")
    write("p2.csv", "b,a\ny,2\n")
    write("q.csv", "a,c\n1,x\n")
    os.makedirs(FOLDER + "/folder", exist_ok=True)
    reads("several files, columns in any order", ["p1.csv", "p2.csv"], 2, "a:i64?, b:utf8, _row:u64")
    reads("a pattern", "p[12].csv", 2)
    reads("a name with brackets", [write("x[1].csv", "a,b\n1,2\n")], 1)
    fails("columns that differ", ["p1.csv", "q.csv"], 3, 'q.csv:1: the file has a column "c"')
    fails("formats that differ", ["p1.csv", "l.json"], 3, "l.json: its content is jsonl, that of the files before it csv")
    fails("no match", "nothing*.csv", 3, '"nothing[*].csv" matches no file')
    fails("no such file", "p3.csv", 3, '"p3.csv": there is no such file; did you mean "p1.csv"')
    fails("a folder", "folder", 3, "folder: this is a folder, and a file is wanted")
    fails("a device", "/dev/null", 3, "/dev/null: this is no regular file")
    if os.geteuid() != 0:
        os.chmod(write("secret.csv", "a\n1\n"), 0)
        fails("no permission", "secret.csv", 3, "secret.csv: cannot open: Permission denied")


def test_wrong_content():
    fails("empty", write("e.csv", ""), 3, "e.csv: the file is empty")
    fails("blank lines only", write("e2.csv", "\n\n\n"), 3, "e2.csv: the file is empty")
    fails("ragged", write("r.csv", "a,b\n1,2\n1,2,3\n"), 1, "r.csv:3: the record has 3 fields, 2 wanted")
    fails("ragged, without quotes", write("r.tsv", 'a\tb\n1\t2\n1\t"2\t3"\n'), 1,
          'r.tsv:3: the record has 3 fields, 2 wanted as in the header; if fields are in quotes, set "quote" to them')
    fails("open quote", write("o.csv", 'a,b\n1,"2\n1,2\n'), 1, "o.csv:2:3: a quote is opened here and never closed")
    fails("invalid UTF-8", write("u.csv", b"a,b\n1,x\xe9\n"), 1, "u.csv:2: byte 4: the text is not valid UTF-8")
    fails("NUL", write("nul.csv", b"a,b\n1,x\0\n"), 1, "nul.csv:2: byte 4: a NUL byte")
    fails("NUL in text", write("nul.txt", b"ab\0\n"), 1, "nul.txt:1: byte 3: a NUL byte")
    fails("utf-16", write("u16.csv", "a,b\n1,2\n".encode("utf-16")), 3, "u16.csv: the text is utf-16, and UTF-8 is wanted")
    fails("a header name twice", {"path": write("t.csv", "a,a\n1,2\n"), "header": "yes"}, 3,
          't.csv:1: the header names two columns "a"')
    late = "id,t\n" + "".join("%d,%s\n" % (k, "y" * 60) for k in range(50000)) + "x,z\n" + "1,yyyyyyyyyyyyyyyy\n" * 400000
    fails("a type that does not hold", write("late.csv", late), 1,
          'late.csv:50002: column "id": "x" is not an integer (i64), which the sample led to expect; declare *"sample"')
    reads("the same, declared", {"path": "late.csv", "columns": {"id": "utf8"}}, 450001)
    end = "id,t\n" + "".join("%d,%s\n" % (k, "y" * 60) for k in range(50000)) + "x,z\n"
    reads("what comes last is in the sample", write("end.csv", end), 50001, "id:utf8, t:utf8, _row:u64")
    fails("too large for its type", {"path": write("big.csv", "a,b\n300,x\n"), "columns": {"a": "u8"}}, 1,
          'big.csv:2: column "a": "300" is out of range')
    reads("too large for i64 stays text", write("huge.csv", "a,b\n123456789012345678901234,x\n"), 1,
          "a:utf8, b:utf8, _row:u64")
    fails("a null that is not allowed", {"path": write("null.csv", "a,b\n,x\n"), "columns": {"a": "i64"}}, 1,
          'null.csv:2: column "a": "" stands for null')
    fails("a column of its own called _row", write("row.csv", "_row,a\n1,2\n"), 3, "column \"_row\"")


def test_long_records():
    long = "a,b\n1," + "z" * 100_000_000 + "\n2,y\n"
    reads("a line of 100 MB", write("long.csv", long), 2, flags=["--max-record", "128M"])
    fails("a line beyond what a run allows", "long.csv", 1,
          "long.csv:2: the record that begins here is longer than the limit of 64.0*allow more with --max-record")
    fails("a line beyond the limit", {"path": "long.csv", "max-record": "1M"}, 1,
          "long.csv:2: the record that begins here is longer than the limit of 1.0")
    os.unlink(FOLDER + "/long.csv")


def test_limits_within_a_block():
    """What is too long is refused wherever it stands, also where all of the file is read at once."""
    lengths = [100 if k % 5 else 1500 for k in range(2000)]
    at = [k + 1 for k, n in enumerate(lengths) if n > 1000]
    for name, head, record in (("limit.jsonl", "", '{"t": "%s"}\n'), ("limit.csv", "t,u\n", '"%s",""\n'), ("limit.txt", "", "%s\n")):
        path = write(name, head + "".join(record % ("x" * n) for n in lengths))
        reads("those that are not too long, " + name, {"path": path, "max-record": "1K"}, 1600, flags=["--on-error", "reject"])
        with open(FOLDER + "/run/rejects.jsonl") as file:
            rejects = [json.loads(line) for line in file]
        report("the others, " + name, [r["line"] for r in rejects] == [line + (head != "") for line in at] and
               all("longer than the limit of 1.0" in r["reason"] and len(r["text"]) > 1000 for r in rejects), rejects[:3])
    reads("a record that just fits", {"path": write("fits.txt", "x" * 1024 + "\r\n" + "y" * 1024), "max-record": "1K"}, 2)
    fails("one that does not", {"path": write("not.txt", "x" * 1030 + "\n"), "max-record": "1K"}, 1, "not.txt:1: the record*longer")


def test_lines_of_cr():
    """Lines that end with CR are found as fast as others: no search for an LF behind each."""
    seconds = []
    for name, end in (("lf.txt", "\n"), ("cr.txt", "\r")):
        path = write(name, ("ab" + end) * 2_000_000)
        start = time.monotonic()
        reads("two million lines, " + name, path, 2_000_000, "text:utf8, _row:u64")
        seconds.append(time.monotonic() - start)
    report("CR costs no more than LF", seconds[1] < 3 * seconds[0] + 1, seconds)


def test_options():
    fails("delimiter", {"path": "p1.csv", "delimiter": "ab"}, 3, 'delimiter "ab" is not one character')
    fails("quote", {"path": "p1.csv", "quote": "''"}, 3, "quote \"''\" is neither")
    fails("the same twice", {"path": "p1.csv", "quote": ",", "delimiter": ","}, 3, "the same character")
    fails("the same, one of them found out", {"path": "p1.csv", "quote": ","}, 3, "would be the same character")
    reads("a quote is no delimiter", {"path": write("semi.csv", "a;b\n1;2\n"), "quote": ";"}, 1)
    fails("unknown column", {"path": "p1.csv", "columns": {"bb": "utf8"}}, 3, '"columns" declares "bb"*valid: "a", "b"')
    fails("unknown type", {"path": "p1.csv", "columns": {"a": "int"}}, 3, 'declares "a" as "int"')
    reads("a delimiter leaves tsv without quotes", {"path": "a.tsv", "delimiter": "tab"}, 2)
    reads("delimiter by name", {"path": write("tab.txt", "a\tb\n1\t2\n"), "delimiter": "tab"}, 1,
          "a:i64?, b:i64?, _row:u64")


def random_rows(rng, n):
    """Rows of an integer, a text of anything but NUL, and a real number or nothing."""
    letters = ["a", "bc ", ",", '"', "\n", "\r\n", "ä", "日本", "🙂", ";", "\t", "x" * 70, " ", "'", "\\"]
    for _ in range(n):
        yield (rng.randrange(-10**12, 10**12), "".join(rng.choice(letters) for _ in range(rng.randint(0, 12))),
               rng.choice([None, rng.uniform(-1e9, 1e9), rng.random() * 10.0 ** rng.randint(-300, 300)]))


def test_values():
    """What Python's csv module writes, in each of its ways, comes out as JSON Lines with the same values."""
    rng = random.Random(7)
    for ending in ("\n", "\r\n"):
        for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC):
            rows = list(random_rows(rng, 9000))
            with open(FOLDER + "/v.csv", "w", newline="", encoding="utf-8") as out:
                writer = csv.writer(out, lineterminator=ending, quoting=quoting)
                writer.writerow(("n", "t", "x"))
                writer.writerows(("%d" % n if quoting == csv.QUOTE_MINIMAL else n, t, "" if x is None else x)
                                 for n, t, x in rows)
            with open(FOLDER + "/p.json", "w") as out:
                json.dump({"weir": 1, "name": "v", "stages": {
                    "read": {"use": "file.read", "options": {"path": "v.csv"}},
                    "write": {"use": "file.write", "from": "read", "options": {"path": "v.jsonl"}}}}, out)
            shutil.rmtree(FOLDER + "/run", ignore_errors=True)
            done = subprocess.run([RUN, "p.json", "-q", "--run-dir", "run"], cwd=FOLDER, capture_output=True, text=True)
            got = []
            if done.returncode == 0:
                with open(FOLDER + "/v.jsonl", encoding="utf-8", newline="\n") as file:
                    got = [json.loads(line) for line in file]
            wrong = [k for k, (row, r) in enumerate(zip(rows, got)) if row != (r["n"], r["t"], r["x"])]
            report("values as Python wrote them, quoting %d, line ends %r" % (quoting, ending),
                   done.returncode == 0 and len(got) == len(rows) and not wrong, done.stderr, len(got),
                   wrong and (rows[wrong[0]], got[wrong[0]]))


def main():
    try:
        for test in (test_formats, test_values, test_compression, test_paths, test_wrong_content, test_long_records, test_lines_of_cr,
                     test_options):
            test()
    finally:
        shutil.rmtree(FOLDER)
    print("1..%d" % len(results))
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
