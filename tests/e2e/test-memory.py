#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The byte budget of a run: what it holds back, what goes through files, what is refused, and what stays in memory."""
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

signal.signal(signal.SIGINT, signal.default_int_handler)  # children of who ignores it would ignore it, too

BUILD = pathlib.Path(os.environ["top_builddir"]).resolve()
SOURCE = pathlib.Path(os.environ["top_srcdir"]).resolve()
RUN = str(BUILD / "pipeline-run")
FOLDER = pathlib.Path(tempfile.mkdtemp(prefix="weir-memory."))
ENV = dict(os.environ, WEIR_PLUGIN_PATH=f"{BUILD}/stages:{BUILD}/tests/contract/.libs", WEIR_DEVELOPER="0")
SANITIZED = os.environ.get("SANITIZERS", "no") != "no"
MIB = 1 << 20
PASS = {"use": "rows.limit", "from": "load", "options": {"count": 10**12}}
results = []


def report(name, good, *why):
    results.append(good)
    print("%s %d - %s" % ("ok" if good else "not ok", len(results), name), flush=True)
    if not good:
        for line in "\n".join(map(str, why)).splitlines():
            print("# " + line)


def run(stages, *flags, limit=None, interrupt=None):
    """Exit code, what was said, most resident bytes, seconds."""
    (FOLDER / "p.json").write_text(json.dumps({"weir": 1, "name": "p", "stages": stages}))
    shutil.rmtree(FOLDER / "run", ignore_errors=True)
    begin = time.monotonic()

    def limit_files():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))

    with open(FOLDER / "said", "w+b") as said:
        child = subprocess.Popen([RUN, "p.json", "--run-dir", "run", "--quiet", *flags], cwd=FOLDER, env=ENV,
                                 stdout=said, stderr=said, preexec_fn=limit_files if limit else None)
        if interrupt:
            time.sleep(interrupt)
            child.send_signal(signal.SIGINT)
            begin = time.monotonic()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        text = said.read().decode()
    return child.returncode, text, usage.ru_maxrss * 1024, time.monotonic() - begin


def metric(stage, name):
    record = json.loads((FOLDER / "run" / "run.json").read_text())
    return next(m["value"] for m in record["metrics"] if m["stage"] == stage and m["name"] == name)


def same(a, b):
    return subprocess.run(["cmp", FOLDER / a, FOLDER / b], capture_output=True).returncode == 0


def bounded(name, code, text, resident, most=128 * MIB):
    """A run that did well within so many resident bytes."""
    if code or not SANITIZED:
        report(name, code == 0 and resident < most, code, text, "%.1f MiB resident" % (resident / MIB))
    else:
        report(name + " (not measured: a sanitizer needs memory of its own)", True)


def left():
    """What a run leaves in its folder beside its records."""
    return sorted(p.name for p in (FOLDER / "run").iterdir() if p.name not in ("begin.json", "run.json", "events.jsonl"))


def load(name="data.jsonl"):
    return {"use": "file.read", "options": {"path": name}}


def save(name, source):
    return {"use": "file.write", "from": source, "options": {"path": name}}


def test_streams():
    for jobs in ("1", "8"):
        code, text, resident, _ = run(
            {"load": load(), "pass": PASS, "save": save("out%s.jsonl" % jobs, "pass")},
            "--memory", "64M", "--jobs", jobs)
        bounded("a stream of 200 MB with 64 MiB and --jobs %s" % jobs, code, text, resident)
    code, text, _, _ = run({"load": load(), "save": save("plain.jsonl", "load")})
    report("the same bytes with any budget and any number of threads", same("out1.jsonl", "out8.jsonl") and
           same("out1.jsonl", "plain.jsonl"), text)


def test_tables():
    """A table of all records is read twice: by the split, and by a stage that then passes the stream that waited."""
    stages = {"load": load(),
              "split": {"use": "split.stratified", "from": "load",
                        "options": {"by": "source", "ratios": {"train": 0.9, "test": 0.1}}},
              "train": save("train.jsonl", "split.train"), "test": save("test.jsonl", "split.test"),
              "late": {"use": "contract.late", "from": {"table": "load", "in": "load"}}, "save": save("late.jsonl", "late")}
    code, text, resident, _ = run(stages, "--memory", "64M")
    bounded("a table and a spool of 200 MB with 64 MiB", code, text, resident)
    report("what went through a spool is what came in", same("late.jsonl", "plain.jsonl"))
    with open(FOLDER / "data.jsonl", "rb") as data:
        report("the table was whole", metric("late", "table") == sum(1 for _ in data))
    report("no files of tables are left", left() == [], left())
    os.rename(FOLDER / "train.jsonl", FOLDER / "train64.jsonl")
    code, text, _, _ = run(stages, "--memory", "1G", "--jobs", "1")
    report("the same split with a larger budget", code == 0 and same("train.jsonl", "train64.jsonl"), text)


def test_small_batches():
    """A table whose batches came a row at a time is written as if they had come together."""
    code, text, resident, _ = run(
        {"rows": {"use": "contract.rows", "options": {"count": 200_000, "batch": 1}},
         "late": {"use": "contract.late", "from": {"table": "rows", "in": "few"}},
         "few": {"use": "rows.limit", "from": "rows", "options": {"count": 10}},
         "save": save("few.jsonl", "late")}, "--memory", "16M")
    bounded("a table of batches of a row", code, text, resident, 64 * MIB)
    report("all its rows are there", metric("late", "table") == 200_000)


def test_full_disk():
    late = {"load": load(), "late": {"use": "contract.late", "from": {"table": "load", "in": "load"}},
            "count": {"use": "contract.count", "from": "late"}}
    code, text, _, _ = run(late, "--memory", "64M", limit=(FOLDER / "data.jsonl").stat().st_size // 4)
    report("a file system that is full fails the run", code == 1 and "cannot write" in text and
           "File too large" in text and "ulimit -f" in text and len(text.splitlines()) < 5, code, text)
    report("and nothing is left of its tables", left() == [], left())


def test_too_small():
    code, text, _, _ = run({"load": load(), "save": save("no.jsonl", "load")}, "--memory", "2M")
    report("a budget that is too small is refused in the plan",
           code == 3 and "needs at least 3.0 MiB of memory, and its budget is 2.0 MiB" in text and
           "--memory 3M" in text and not (FOLDER / "no.jsonl").exists(), code, text)
    code, text, _, _ = run({"modest": {"use": "contract.modest"}, "greedy": {"use": "contract.greedy"}},
                           "--memory", "4M")
    report("so is one that a stage's least does not fit into",
           code == 3 and 'stage "modest" (contract.modest): 3.0 MiB' in text and "--memory 5M" in text, code, text)
    for flag, value in (("--memory", "12Q"), ("--memory", "0"), ("--max-record", "1"), ("--max-record", "much")):
        code, text, _, _ = run({"greedy": {"use": "contract.greedy"}}, flag, value)
        report("%s %s is refused" % (flag, value), code == 2 and flag + ":" in text, code, text)


def test_exactly_the_least():
    """What a plan calls enough is enough for few records; where a stage wants more, it says how much would do."""
    with open(FOLDER / "tiny.jsonl", "w") as out:
        for i in range(60):
            out.write('{"text": "%s word%d", "kind": "%s"}\n' % ("red" if i % 2 else "blue", i, "ab"[i % 2]))
    with open(FOLDER / "wide.jsonl", "w") as out:
        for i in range(3000):
            out.write('{"text": "%x %x %x", "kind": "%s"}\n' % (i * i, i**3, i**4, "ab"[i % 2]))

    def stages(name, use, options, port):
        return {"load": load(name), "work": {"use": use, "from": "load", "options": options},
                "save": save("least.jsonl", "work.a") if port else
                {"use": "artifact.write", "from": "work", "options": {"path": "least.zip"}}}

    def told(text):
        return text.split("--memory ")[-1].split()[0] if "--memory " in text else "none"

    ratios = {"ratios": {"a": 0.5, "b": 0.5}}
    for use, options in (("split.stratified", dict(ratios, by="kind")), ("split.clusters", ratios),
                         ("linear.train", {"label": "kind"})):
        parts = stages("tiny.jsonl", use, options, use != "linear.train")
        _, text, _, _ = run(parts, "--memory", "1M", "--check")
        least = told(text)
        code, text, _, _ = run(parts, "--memory", least)
        report("%s does with the %s that the plan asks for" % (use, least), code == 0, code, text)
    parts = stages("wide.jsonl", "linear.train", {"label": "kind"}, False)
    code, text, _, _ = run(parts, "--memory", "5M")
    enough = told(text)
    report("a trainer that wants more than there is names the budget and one that would do",
           code == 1 and "the budget of 5.0 MiB (--memory) had" in text and "hint: raise --memory" in text and
           "enough" in text, code, text)
    code, text, _, _ = run(parts, "--memory", enough)
    report("and that one does", code == 0, enough, code, text)


def test_reserve():
    greedy = {"use": "contract.greedy"}
    code, text, _, _ = run({"greedy": greedy}, "--memory", "64M")
    report("a stage that reserves is refused at the end of the budget",
           code == 0 and metric("greedy", "granted") == 63 * MIB, code, text)
    code, text, _, _ = run({"a": {"use": "contract.modest"}, "b": {"use": "contract.modest"}, "c": greedy},
                           "--memory", "64M")
    pool = (64 - 3 - 6) * MIB
    report("one that declares that it needs some gets its share whatever others take",
           code == 0 and min(metric("a", "granted"), metric("b", "granted")) >= pool * 7 / 16 - 65536 and
           metric("c", "granted") <= pool + 6 * MIB, code, text)  # the leasts too, once a and b have closed


def test_reused():
    """Stages whose work is taken from the store leave the others their share, and all else that they were given."""
    (FOLDER / "three.txt").write_text("one\ntwo\nthree\n")
    stages = {"load": load("three.txt"), "sort": {"use": "rows.sort", "from": "load", "options": {"by": "text"}},
              "save": save("three.jsonl", "sort")}
    before = ENV.pop("WEIR_STORE", None)  # tests have none
    code, text, _, _ = run(stages, "--memory", "64M")
    report("a run that is to be reused", code == 0, code, text)
    code, text, _, _ = run(dict(stages, greedy={"use": "contract.greedy"}), "--memory", "64M")
    ENV.update({"WEIR_STORE": before} if before else {})
    record = json.loads((FOLDER / "run" / "run.json").read_text())
    reused = sorted(s["stage"] for s in record["measured"]["stages"] if s["state"] == "reused")
    report("stages that are reused take none of the budget",
           code == 0 and reused == ["load", "sort"] and metric("greedy", "granted") == (64 - 2 - 8) * MIB,
           code, text, reused, metric("greedy", "granted"))


def test_one_after_another():
    """What a stage had is lent to the one behind it as soon as that begins, however busy the machine is."""
    with open(FOLDER / "few.txt", "w") as out:
        for i in range(300):
            out.write("a line about %d things of kind %d\n" % (i * i % 97, i))
    stages = {"load": load("few.txt"), "unique": {"use": "rows.dedupe-near", "from": "load"},
              "split": {"use": "split.clusters", "from": "unique", "options": {"ratios": {"train": 0.8, "test": 0.2}}},
              "leaks": {"use": "check.leakage", "from": {"train": "split.train", "test": "split.test"}},
              "train": save("few-train.jsonl", "split.train"), "test": save("few-test.jsonl", "split.test")}
    for _ in range(10):
        code, text, _, _ = run(stages, "--memory", "64M", "--force")
        if code:
            break
    report("stages that need most of the budget one after another get it", code == 0, code, text)


def test_records():
    with open(FOLDER / "long.jsonl", "w") as out:
        out.write('{"text": "short"}\n{"text": "%s"}\n' % ("y" * 9_000_000))
    stages = {"load": load("long.jsonl"), "count": {"use": "contract.count", "from": "load"}}
    code, text, _, _ = run(stages, "--memory", "64M")
    report("a record beyond an eighth of the budget is refused, with its line",
           code == 1 and "long.jsonl:2:" in text and "longer than the limit of 8.0" in text and
           "--max-record" in text, code, text)
    code, text, _, _ = run(stages, "--memory", "64M", "--max-record", "10M")
    report("--max-record lets it through", code == 0, code, text)
    for row, where in ((True, "record 3 of its source"), (False, 'record 1 of "out"')):
        stages = {"large": {"use": "contract.large", "options": {"bytes": "9M", "row": row}},
                  "count": {"use": "contract.count", "from": "large"}}
        code, text, _, _ = run(stages, "--memory", "64M")
        report("a large record that a stage makes is refused: " + where,
               code == 1 and 'stage "large" (contract.large): %s: the record has 9.0 MiB, most of it in column '
               '"text", and a record may have 8.0 MiB' % where in text and "--max-record 10M" in text, code, text)
    code, text, _, _ = run(stages, "--memory", "64M", "--max-record", "10M")
    report("and let through", code == 0, code, text)


def test_interrupted():
    """Without end: the table is never whole, and the stream waits in its spool."""
    code, text, _, seconds = run(
        {"rows": {"use": "contract.rows", "options": {"count": 10**12, "batch": 4096}},
         "late": {"use": "contract.late", "from": {"table": "rows", "in": "rows"}},
         "split": {"use": "split.stratified", "from": "late",
                   "options": {"by": "text", "ratios": {"train": 0.9, "test": 0.1}}},
         "train": save("i.jsonl", "split.train"), "test": save("j.jsonl", "split.test")},
        "--memory", "16M", interrupt=1)
    report("an interruption stops what waits at once", code == 130 and seconds < 10, code, text, seconds)
    report("and leaves no files", left() == [] and not (FOLDER / "i.jsonl").exists(), left())


def main():
    megabytes = "20" if SANITIZED else "200"
    subprocess.run([sys.executable, SOURCE / "tests/bench/gen_records.py", FOLDER / "data.jsonl", megabytes], check=True)
    try:
        for name, test in list(globals().items()):
            if name.startswith("test_"):
                test()
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
    print("1..%d" % len(results))
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
