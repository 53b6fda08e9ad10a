#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Kills runs at any moment, resumes them until they are done, and compares all that they made with a run left alone.

SIGKILL comes at times spread evenly over the whole length of a run: planning, the final renames and the resumes
included. What has to be the same: every file outside, every artifact, rejects.jsonl, and run.json but what stands under
"measured". And no stage whose journal says that it was whole may have run again.

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

    def start(self, command, folder, after):
        """Run a command in `folder`, and kill it `after` seconds (None: never). Returns (exit code, its messages)."""
        with open(folder / "messages", "w+b") as messages:
            process = subprocess.Popen(command, cwd=folder, env=self.environment, stdin=subprocess.DEVNULL,
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

    def round(self, folder, length):
        """One run, killed and resumed until it is done. Returns what is wrong, or None."""
        folder.mkdir()
        store = self.random.choice(["none", str(folder / "store")])
        begun = False
        first = self.random.uniform(0, length * 1.1)
        kill_at = [first] + [self.random.uniform(0, length) for _ in range(self.random.randrange(4))]
        for attempt in range(MOST_RESUMES):
            after = kill_at[attempt] if attempt < len(kill_at) else None
            command = self.resume_command(folder, store) if begun else self.command(folder, store)
            code, messages = self.start(command, folder, after)
            if code == -signal.SIGKILL:
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


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, help="the built tree")
    parser.add_argument("--pipeline", required=True)
    parser.add_argument("--parameter", action="append", default=[], metavar="--NAME=VALUE",
                        help="of the pipeline; may be repeated")
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(3), "big"))
    parser.add_argument("--keep", action="store_true", help="keep the folder of a round that fails")
    args = parser.parse_args()
    args.build, args.pipeline = os.path.abspath(args.build), os.path.abspath(args.pipeline)
    torture = Torture(args)
    work = Path(tempfile.mkdtemp(prefix="weir-torture."))
    failed = 0
    try:
        wanted, length = torture.undisturbed(work / "wanted")
        print(f"# seed {args.seed}, {args.rounds} rounds, a run takes {length * 1000:.0f} ms", flush=True)
        for number in range(1, args.rounds + 1):
            folder = work / str(number)
            problem = torture.round(folder, length)
            wrong = [problem] if problem else differences(wanted, content(folder))
            if not problem:
                wrong += [f"stage {name} was whole, and ran again" for name in ran_again(folder)]
                wrong += [f"left behind: {path}" for path in folder.rglob(".*.tmp")]
            for line in wrong:
                print(f"# round {number}: {line}")
            failed += bool(wrong)
            if not (wrong and args.keep):
                shutil.rmtree(folder)
        print("1..1")
        print(f"{'not ok' if failed else 'ok'} 1 - {args.rounds - failed} of {args.rounds} runs gave the bytes of one "
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
