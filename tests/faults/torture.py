#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Kills runs at any moment, resumes them until they are done, and compares all that they made with a run left alone.

SIGKILL comes at times spread evenly over the whole length of a run: planning, the final renames and the resumes
included. What has to be the same: every file outside, every artifact, rejects.jsonl, and run.json but what stands under
"measured". And no stage whose journal says that it was whole may have run again.

With --each-call the run is instead killed right before each of its calls that change files (writes, syncs, renames,
creations; those of the run directory, the outputs and the store alike), one after another, and the resume that follows
right before one of its own.

Prints TAP. The rounds can be replayed: their times follow from --seed, as far as a machine can repeat them.
"""
import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MOST_RESUMES = 40
CALLS = ("create", "write", "rename", "sync")


class Torture:
    def __init__(self, args):
        self.args = args
        self.random = random.Random(args.seed)
        self.program = str(Path(args.build) / "pipeline-run")
        self.environment = dict(os.environ, SOURCE_DATE_EPOCH="1700000000", LC_ALL="C.UTF-8")
        for name in ("WEIR_STORE", "WEIR_STORE_LIMIT"):
            self.environment.pop(name, None)
        self.kills = self.resumes = self.unbegun = self.done_first = 0

    def command(self, folder, store):
        out = folder / "out"
        return [self.program, self.args.pipeline, "--run-dir", str(folder / "run"), "--output", str(out),
                "--store", store, "--quiet"] + self.args.parameter

    def resume_command(self, folder, store):
        return [self.program, "--resume", str(folder / "run"), "--store", store, "--quiet"]

    def start(self, command, folder, after, faults=None):
        """Run a command in `folder`, and kill it `after` seconds (None: never). Returns (exit code, its messages)."""
        environment = self.environment
        if faults:
            library = Path(self.args.build) / "tests/faults/.libs/faults.so"
            environment = dict(environment, LD_PRELOAD=str(library), **faults)
        with open(folder / "messages", "w+b") as messages:
            process = subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                                       stdout=messages, stderr=messages)
            try:
                process.wait(after)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
            messages.seek(0)
            return process.returncode, messages.read().decode(errors="replace")

    def undisturbed(self, folder):
        """The run that the others are held against, and how long one takes."""
        folder.mkdir()
        times = []
        for _ in range(3):
            shutil.rmtree(folder / "run", ignore_errors=True)
            shutil.rmtree(folder / "out", ignore_errors=True)
            begin = time.monotonic()
            code, messages = self.start(self.command(folder, "none"), folder, None)
            times.append(time.monotonic() - begin)
            if code != 0:
                sys.exit(f"the run that nobody disturbs ends with {code}: {messages}")
        return content(folder), sorted(times)[1]

    def count_calls(self, folder, call):
        """How many of them a run makes."""
        folder.mkdir()
        count = folder / "count"
        code, messages = self.start(self.command(folder, str(folder / "store")), folder, None,
                                    {"FAULT_CALL": call, "FAULT_AT": "0", "FAULT_COUNT": str(count)})
        shutil.rmtree(folder / "run", ignore_errors=True)
        if code != 0 or not count.exists():
            sys.exit(f"a run whose calls are counted ends with {code}: {messages}")
        return int(count.read_text())

    def times_of(self, length):
        """When a run, and its resumes, are killed."""
        first = self.random.uniform(0, length * 1.1)
        times = [first] + [self.random.uniform(0, length) for _ in range(self.random.randrange(4))]
        return [(after, None) for after in times]

    def calls_of(self, call, number, total):
        """At which calls a run, and its resume, are killed."""
        def kill(at):
            return {"FAULT_CALL": call, "FAULT_AT": str(at), "FAULT_KILL": "1"}
        return [(None, kill(number)), (None, kill(self.random.randint(1, total)))]

    def round(self, folder, kills, store):
        """One run, killed and resumed until it is done. Returns what is wrong, or None."""
        folder.mkdir()
        begun = False
        for attempt in range(MOST_RESUMES):
            after, faults = kills[attempt] if attempt < len(kills) else (None, None)
            command = self.resume_command(folder, store) if begun else self.command(folder, store)
            code, messages = self.start(command, folder, after, faults)
            if code in (-signal.SIGKILL, 128 + signal.SIGKILL):
                self.kills += 1
            elif code == 0:
                self.done_first += attempt == 0
                return None
            elif begun and "no run was begun there" in messages or "there is no run directory" in messages:
                self.unbegun += 1
                begun = False
                continue
            else:
                return f"attempt {attempt + 1} ends with {code}: {messages}"
            self.resumes += begun
            begun = True
        return "it was never done"


def files_below(folder):
    return {str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(folder.rglob("*")) if path.is_file()}


def content(folder):
    """All that a run gave that must not hang on how often it was killed."""
    made = {"out/" + name: data for name, data in files_below(folder / "out").items()}
    made |= {"artifacts/" + name: data for name, data in files_below(folder / "run" / "artifacts").items()}
    rejects = folder / "run" / "rejects.jsonl"
    if rejects.exists():
        made["rejects.jsonl"] = rejects.read_bytes()
    text = (folder / "run" / "run.json").read_text().replace(str(folder), "FOLDER")
    record = json.loads(text)
    record.pop("measured")
    made["run.json"] = json.dumps(record, indent=1).encode()
    made["files of the run directory"] = "\n".join(sorted(
        path.name for path in (folder / "run").iterdir() if path.name != "rejects.jsonl")).encode()
    return made


def differences(wanted, got):
    wrong = []
    for name in sorted(wanted.keys() | got.keys()):
        if name not in got:
            wrong.append(f"{name} is missing")
        elif name not in wanted:
            wrong.append(f"{name} is there, and should not be")
        elif wanted[name] != got[name]:
            here = next((i for i, (a, b) in enumerate(zip(wanted[name], got[name])) if a != b), -1)
            around = got[name][max(0, here - 60):here + 60].decode(errors="replace")
            wrong.append(f"{name} differs at byte {here}: …{around}…")
    return wrong


def ran_again(folder):
    """Stages that ran though the journal had said that they were whole."""
    whole, again = set(), []
    for line in (folder / "run" / "events.jsonl").read_text().splitlines():
        event = json.loads(line)
        if event["event"] == "stage-whole":
            whole.add(event["stage"])
        elif event["event"] == "stage-state" and event["state"] == "running" and event["stage"] in whole:
            again.append(event["stage"])
    return again


def judge(torture, folder, kills, store, wanted):
    """What is wrong after a round."""
    problem = torture.round(folder, kills, store)
    if problem:
        return [problem]
    return (differences(wanted, content(folder)) +
            [f"stage {name} was whole, and ran again" for name in ran_again(folder)] +
            [f"left behind: {path}" for path in folder.rglob(".*.tmp")])


def rounds(torture, work, length):
    """What is done in each round: (name, kills, whether it has a store)."""
    if not torture.args.each_call:
        for number in range(1, torture.args.rounds + 1):
            yield str(number), torture.times_of(length), torture.random.random() < 0.5
        return
    for call in CALLS:
        total = torture.count_calls(work / f"count-{call}", call)
        step = max(1, total // torture.args.rounds)
        for number in range(1, total + 1, step):
            yield f"{call} {number} of {total}", torture.calls_of(call, number, total), True


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, help="the built tree")
    parser.add_argument("--pipeline", required=True)
    parser.add_argument("--parameter", action="append", default=[], metavar="--NAME=VALUE",
                        help="of the pipeline; may be repeated")
    parser.add_argument("--rounds", type=int, default=100, help="with --each-call: for each kind of call, at most")
    parser.add_argument("--each-call", action="store_true")
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(3), "big"))
    parser.add_argument("--keep", action="store_true", help="keep the folder of a round that fails")
    args = parser.parse_args()
    args.build, args.pipeline = os.path.abspath(args.build), os.path.abspath(args.pipeline)
    torture = Torture(args)
    work = Path(tempfile.mkdtemp(prefix="weir-torture."))
    failed = done = 0
    try:
        wanted, length = torture.undisturbed(work / "wanted")
        print(f"# seed {args.seed}; a run takes {length * 1000:.0f} ms", flush=True)
        for name, kills, with_store in rounds(torture, work, length):
            done += 1
            folder = work / str(done)
            wrong = judge(torture, folder, kills, str(folder / "store") if with_store else "none", wanted)
            for line in wrong:
                print(f"# round {name}: {line}", flush=True)
            failed += bool(wrong)
            if not (wrong and args.keep):
                shutil.rmtree(folder)
        print("1..1")
        print(f"{'not ok' if failed or not done else 'ok'} 1 - {done - failed} of {done} runs gave the bytes of one "
              f"that nobody disturbed")
        print(f"# {torture.kills} kills, {torture.resumes} of them in a resume, {torture.unbegun} before anything was "
              f"begun, {torture.done_first} runs that were done before the kill")
    finally:
        if not (failed and args.keep):
            shutil.rmtree(work, ignore_errors=True)
        else:
            print(f"# kept: {work}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
