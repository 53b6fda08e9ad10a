#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes each write, sync, rename, creation, mapping and allocation of a run fail in turn: what a run writes is then what
was there before, or what is new, never anything between; it says why; and a resume ends with the new.

FAULTS=all tries every call; otherwise a sample of each kind."""
import io, json, os, shutil, signal, subprocess, sys, tarfile, tempfile

build = os.path.abspath(os.environ.get("top_builddir", "."))
run = os.path.join(build, "pipeline-run")
library = os.path.join(build, "tests/faults/.libs/faults.so")
every = os.environ.get("FAULTS") == "all"
most = 10**9 if every else 12
tests = 0

PIPELINE = """
{ "weir": 1, "name": "faults", "parameters": { "input": { "type": "input-path" } },
  "stages": {
    "load": { "use": "file.read", "options": { "path": "${input}" } },
    "split": { "use": "split.stratified", "from": "load", "options": { "by": "label", "ratios": { "train": 0.8, "test": 0.2 } } },
    "rows": { "use": "file.write", "from": "split.train", "options": { "path": "out/train.jsonl" } },
    "model": { "use": "linear.train", "from": "split.train", "options": { "epochs": 3 } },
    "folder": { "use": "artifact.write", "from": "model", "options": { "path": "out/model" } },
    "archive": { "use": "artifact.write", "from": "model", "options": { "path": "out/model.tar.gz" } },
    "predict": { "use": "linear.predict", "from": { "model": "model", "records": "split.test" } },
    "score": { "use": "evaluate.classification", "from": "predict" },
    "metrics": { "use": "file.write", "from": "score.metrics", "options": { "path": "out/metrics.json" } },
    "taken": { "use": "artifact.read", "options": { "path": "${input}.tar", "kind": "dataset" } },
    "set": { "use": "artifact.write", "from": "taken", "options": { "path": "out/set" } } } }
"""


def result(fine, name, why=""):
    global tests
    tests += 1
    print(f"{'ok' if fine else 'not ok'} {tests} - {name}")
    for line in why.splitlines()[:60] if not fine else []:
        print(f"# {line}")
    sys.stdout.flush()


def content(path):
    """A file's bytes, or those of all files below a folder."""
    if os.path.isdir(path):
        return {os.path.relpath(os.path.join(top, f), path): content(os.path.join(top, f)) for top, _, files in os.walk(path) for f in files}
    with open(path, "rb") as f:
        return f.read()


def outputs(work):
    return {name: content(os.path.join(work, "out", name)) for name in sorted(os.listdir(os.path.join(work, "out")))}


def execute(work, faults, *arguments):
    env = dict(os.environ, XDG_CACHE_HOME=os.path.join(work, "cache"), G_DEBUG="", **faults)
    env.pop("WEIR_DEVELOPER", None)
    env.pop("WEIR_STORE", None)
    if faults:
        env["LD_PRELOAD"] = library
    try:
        done = subprocess.run([run, *arguments], cwd=work, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=60)
        return done.returncode, done.stdout.decode(errors="replace")
    except subprocess.TimeoutExpired as e:
        return "hung", (e.stdout or b"").decode(errors="replace")


def warned(work):
    """Whether the journal has a warning, as when an output could not be kept for a resume."""
    try:
        with open(os.path.join(work, "run", "events.jsonl"), encoding="utf-8") as journal:
            return '"level":"warning"' in journal.read()
    except FileNotFoundError:
        return False


def judge(work, kind, code, text, old, new, resume):
    """What is wrong with how a run ended; None: nothing."""
    now = outputs(work)
    for name in list(old) + [n for n in now if n not in old]:
        if name.startswith(".") and name.endswith(".tmp"):
            continue  # left by a process that aborted; the next run sweeps
        if name not in now:
            return f"{name} is gone"
        if now[name] not in (old.get(name), new.get(name)):
            return f"{name} is neither old nor new"
    # Without memory, libraries may abort or crash: what stands on disk has to be right all the same.
    aborted = code in [s for n in (signal.SIGABRT, signal.SIGTRAP, signal.SIGSEGV) for s in (-n, 128 + n)]
    if code == "hung":
        return "it hangs"
    if aborted and kind != "malloc":
        return "it aborts"
    if not aborted and code not in (0, 1, 2, 3):
        return f"it ends with {code}"
    if code == 0 and {n: now[n] for n in new} != new:
        return "it ends with 0, but not all is new"
    if code != 0 and not text.strip():
        return "it says nothing"
    directory = os.path.join(work, "run")
    if code != 0 and resume and os.path.exists(directory) and os.listdir(directory):
        code, said = execute(work, {}, "--resume", "run")
        if code == 2 and "no run was begun there" in said:
            return None
        if code != 0:
            return f"the resume ends with {code}: {said}"
        now = outputs(work)
        if {n: now[n] for n in new} != new or any(n not in new for n in now):
            return "after the resume not all is new: " + ", ".join(n for n in now if now[n] != new.get(n))
    return None


ARGUMENTS = ("p.json", "--input", "new.csv", "--run-dir", "run", "--jobs", "1", "-q")


def begin(base, start):
    """The folder in which all runs take place, as it is before one."""
    work = os.path.join(base, "work")
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(os.path.join(base, start), work, symlinks=True)
    return work


def fill_store(base):
    """A folder as the old one, but with a store in which another run has left what it made of the new input."""
    work = begin(base, "old")
    code, text = execute(work, {}, *ARGUMENTS)
    shutil.copytree(os.path.join(base, "old"), os.path.join(base, "stored"))
    shutil.copytree(os.path.join(work, "runs"), os.path.join(base, "stored", "runs"))
    code, text = execute(begin(base, "stored"), {}, *ARGUMENTS)
    with open(os.path.join(base, "work", "run", "run.json"), encoding="utf-8") as record:
        states = [s["state"] for s in json.load(record)["measured"]["stages"]]
    result(code == 0 and states.count("reused") > 3, "a run that takes what another has left", f"{states}\n{text}")


def try_kind(kind, stays, base, old, new, resume, start="old"):
    def fresh():
        return begin(base, start)

    work = fresh()
    count = os.path.join(base, "count")
    code, text = execute(work, {"FAULT_CALL": kind, "FAULT_AT": "0", "FAULT_COUNT": count}, *ARGUMENTS)
    total = int(open(count).read()) if os.path.exists(count) else 0
    name = f"{kind}{' and all after it' if stays else ''}{', with a store' if start == 'stored' else ''}"
    if code != 0 or total == 0:
        return result(False, f"{name}: a run without faults", f"ends with {code}, {total} calls\n{text}")
    limit = most if kind != "malloc" or not every else 400
    step = max(1, total // limit)
    problems, tried, refused, noticed = [], 0, 0, 0
    for n in sorted({*range(1, total + 1, step), total}):
        work = fresh()
        faults = {"FAULT_CALL": kind, "FAULT_AT": str(n), **({"FAULT_STAYS": "1"} if stays else {})}
        code, text = execute(work, faults, *ARGUMENTS)
        problem = judge(work, kind, code, text, old, new, resume)
        tried += 1
        refused += code != 0
        noticed += code != 0 or warned(work)
        if problem:
            problems.append(f"call {n} of {total}: {problem}\n  {text.strip()[-600:]}")
    result(not problems, f"{name}: {tried} of {total} calls failed in turn, {refused} runs with them", "\n".join(problems))
    if start == "old" and kind != "mmap" and (stays or kind != "write"):  # the journal may end early, with a warning
        result(noticed * 3 >= tried, f"{name}: most are noticed")


def main():
    if "address" in os.environ.get("SANITIZERS", "") or "thread" in os.environ.get("SANITIZERS", ""):
        print("1..0 # SKIP sanitizers bring their own memory")
        return
    with tempfile.TemporaryDirectory(prefix="weir-faults.") as base:
        old_work, new_work = os.path.join(base, "old"), os.path.join(base, "new")
        os.mkdir(old_work)
        for name, n in (("old.csv", 40), ("new.csv", 60)):
            with open(os.path.join(old_work, name), "w") as f:
                f.write("text,label\n")
                for i in range(n):
                    f.write(f"{['good', 'fine', 'bad', 'poor'][i % 4]} number {i * 7 % 13},{'pos' if i % 4 < 2 else 'neg'}\n")
            with tarfile.open(os.path.join(old_work, name + ".tar"), "w") as archive:
                for member in ("one", "deep/two", "deep/down/three"):
                    info = tarfile.TarInfo(member)
                    info.size = len(name)
                    archive.addfile(info, io.BytesIO(name.encode()))
        with open(os.path.join(old_work, "p.json"), "w") as f:
            f.write(PIPELINE)
        code, text = execute(old_work, {}, "p.json", "--input", "old.csv", "--run-dir", "before", "-q")
        shutil.rmtree(os.path.join(old_work, "before"), ignore_errors=True)
        shutil.rmtree(os.path.join(old_work, "runs"), ignore_errors=True)
        shutil.copytree(old_work, new_work)
        code, text = execute(new_work, {}, "p.json", "--input", "new.csv", "--run-dir", "run", "-q")
        result(code == 0, "runs without faults", text)
        old, new = outputs(old_work), outputs(new_work)
        result(all(old[n] != new[n] for n in old) and set(old) == set(new) and len(new) == 5, "old and new differ")
        resume = "--resume" in subprocess.run([run, "--help"], capture_output=True, text=True).stdout
        for kind in ("write", "sync", "rename", "create", "mmap", "malloc"):
            try_kind(kind, False, base, old, new, resume)
        for kind in ("write", "create"):
            try_kind(kind, True, base, old, new, resume)
        fill_store(base)
        for kind in ("write", "rename", "create", "mmap"):
            try_kind(kind, False, base, old, new, resume, "stored")
    print(f"1..{tests}")


main()
