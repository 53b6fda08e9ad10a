#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures Weir beside its peers, in one run: start-up, the bus, readers, programs as stages, memory, sorting,
near-duplicates, a text classifier. Run by `make bench`.

    bench.py --build BUILD [--only startup,bus,read,write,exec,memory,sort,near-dedupe,rerun,classify,multilabel]
             [--megabytes 400] [--output bench.json]

Every figure is a median of several runs; ratios are of figures taken in the same run. A peer that is not installed is
left out and named. The data sets come from WEIR_DATA.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent


def timed(command, **kwargs):
    """Seconds that a command takes; it must succeed."""
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **kwargs)
    return time.perf_counter() - begin


def median(command, times=5, **kwargs):
    return statistics.median(timed(command, **kwargs) for _ in range(times))


class Bench:
    def __init__(self, args):
        self.args = args
        self.build = pathlib.Path(args.build).resolve()
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="weir-bench."))
        self.results = {}
        self.missing = []
        self.prefix = self.work / "prefix"
        self.run_number = 0

    def close(self):
        shutil.rmtree(self.work, ignore_errors=True)

    def note(self, name, value, unit, better=None):
        self.results[name] = {"value": value, "unit": unit}
        print(f"  {name:<52} {value:>12.4g} {unit}" + (f"   ({better})" if better else ""), flush=True)

    def peer(self, program):
        if shutil.which(program):
            return True
        self.missing.append(program)
        print(f"  ({program} is not installed)")
        return False

    def install(self):
        subprocess.run(["make", "-C", self.build, "-s", "--no-print-directory", "install", f"prefix={self.prefix}"],
                       check=True, stdout=subprocess.DEVNULL)
        stages = self.work / "stages"
        stages.mkdir()
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-fvisibility=hidden", f"-I{self.prefix}/include/weir-1",
                        str(HERE / "bench.c"), "-o", str(stages / "bench.so")], check=True)
        self.env = dict(os.environ, WEIR_PLUGIN_PATH=f"{stages}:{self.prefix}/lib/weir/1",
                        LD_LIBRARY_PATH=f"{self.prefix}/lib", WEIR_DEVELOPER="0")

    def weir(self, *arguments):
        """A command line of the installed pipeline-run, in a run directory of its own."""
        self.run_number += 1
        self.run_dir = self.work / "runs" / str(self.run_number)
        return [str(self.prefix / "bin" / "pipeline-run"), *map(str, arguments), "--run-dir", str(self.run_dir),
                "--quiet"]

    def stage(self, name):
        """What run.json says of a stage of the last run."""
        record = json.loads((self.run_dir / "run.json").read_text())
        return next(s for s in record["measured"]["stages"] if s["stage"] == name)

    def pipeline(self, name, stages, parameters=None):
        path = self.work / f"{name}.json"
        path.write_text(json.dumps({"weir": 1, "name": name, "parameters": parameters or {}, "stages": stages}))
        return path

    # --- what is measured ---

    def startup(self):
        program = str(self.prefix / "bin" / "pipeline-run")
        quickstart = str(self.prefix / "share/weir/pipelines/quickstart.json")
        self.note("pipeline-run --version", 1e3 * median([program, "--version"], 21, env=self.env), "ms", "at most 10")
        self.note("pipeline-run quickstart.json --check",
                  1e3 * median([program, quickstart, "--check"], 21, env=self.env), "ms", "at most 30")

    def bus(self):
        batches, rows = 1_000_000, 4096
        path = self.pipeline("bus", {
            "source": {"use": "bench.batches", "options": {"batches": "${batches}", "rows": rows}},
            "drop": {"use": "bench.drop", "from": "source"}}, {"batches": {"type": "integer"}})
        weir = (min(timed(self.weir(path, "--batches", batches), env=self.env) for _ in range(5)) -
                min(timed(self.weir(path, "--batches", 1), env=self.env) for _ in range(5))) / batches
        self.note("bus, a batch of 4,096 records", weir * 1e9, "ns")
        self.note("bus, a record", weir * 1e9 / rows, "ns", "at most 1")
        if self.peer("gst-launch-1.0"):
            def gst(n):
                return ["gst-launch-1.0", "-q", "fakesrc", f"num-buffers={n}", "!", "queue", "!", "fakesink"]
            peer = (min(timed(gst(batches)) for _ in range(5)) - min(timed(gst(1)) for _ in range(5))) / batches
            self.note("gst-launch-1.0 queue, a buffer", peer * 1e9, "ns")
            self.note("bus: a batch against a buffer", weir / peer, "times", "at most 1.5")

    def read(self):
        megabytes = self.args.megabytes
        subprocess.run([sys.executable, HERE / "gen_text.py", self.work, str(megabytes)], check=True)
        path = self.pipeline("read", {
            "load": {"use": "file.read", "options": {"path": "${path}"}},
            "drop": {"use": "bench.drop", "from": "load"}}, {"path": {"type": "input-path"}})
        for kind in ("csv", "jsonl"):
            data = self.work / f"bench.{kind}"
            size = data.stat().st_size / 1e6
            speeds = []
            for _ in range(5):
                timed(self.weir(path, "--path", data), env=self.env)
                speeds.append(size / self.stage("load")["busy_seconds"])
            self.note(f"file.read {kind}", statistics.median(speeds), "MB/s", "at least 500")
            for peer, command in self.read_peers(kind, data):
                if not shutil.which(command[0]):
                    self.peer(command[0])
                    continue
                speed = size / timed(command)
                self.note(f"  {peer} {kind}", speed, "MB/s")
                self.note(f"  file.read against {peer}, {kind}", statistics.median(speeds) / speed, "times")
            data.unlink()

    def memory(self):
        """Five times as many records as for the readers, 2 GB unless told otherwise, with a budget of 64 MiB."""
        data = self.work / "records.jsonl"
        subprocess.run([sys.executable, HERE / "gen_records.py", data, str(5 * self.args.megabytes)], check=True)
        size = data.stat().st_size / 1e6
        load = {"use": "file.read", "options": {"path": str(data)}}
        def written(name, stage):
            return self.pipeline(name, {
                "load": load, "between": dict(stage, **{"from": "load"}),
                "save": {"use": "file.write", "from": "between", "options": {"path": str(self.work / "copy.jsonl")}}})
        path = written("memory", {"use": "rows.limit", "options": {"count": 10**12}})
        some = written("filter", {"use": "rows.filter", "options": {"where": "score > 0.1 and length(text) > 10"}})
        tables = self.pipeline("tables", {
            "load": load,
            "split": {"use": "split.stratified", "from": "load",
                      "options": {"by": "source", "ratios": {"a": 0.9, "b": 0.1}}},
            "a": {"use": "bench.drop", "from": "split.a"}, "b": {"use": "bench.drop", "from": "split.b"}})
        for name, what in (("read, pass, write", path), ("read, filter, write", some), ("a table of all records", tables)):
            seconds, resident = self.resident(self.weir(what, "--memory", "64M"))
            self.note(f"{name}: most resident memory", resident / 2**20, "MiB", "at most 128")
            self.note(f"{name}: records of {size / 1000:.3g} GB", size / seconds, "MB/s",
                      "at least 200" if what in (path, some) else None)
            (self.work / "copy.jsonl").unlink(missing_ok=True)
        data.unlink()

    def sort(self):
        """As many records as for memory, sorted and shuffled with a budget of 256 MiB."""
        data = self.work / "records.jsonl"
        subprocess.run([sys.executable, HERE / "gen_records.py", data, str(5 * self.args.megabytes)], check=True)
        size = data.stat().st_size / 1e6
        for name, stage in (("sort", {"use": "rows.sort", "options": {"by": ["score", "text"], "descending": "score"}}),
                            ("shuffle", {"use": "rows.shuffle"})):
            path = self.pipeline(name, {
                "load": {"use": "file.read", "options": {"path": str(data)}}, name: dict(stage, **{"from": "load"}),
                "drop": {"use": "bench.drop", "from": name}})
            seconds, resident = self.resident(self.weir(path, "--memory", "256M"))
            self.note(f"rows.{name}: most resident memory, budget 256 MiB", resident / 2**20, "MiB", "at most 320")
            self.note(f"rows.{name}: records of {size / 1000:.3g} GB", size / seconds, "MB/s")
            self.note(f"rows.{name}: records", self.stage(name)["records_in"] / seconds, "a second")
        data.unlink()

    def near_dedupe(self):
        """Generated texts of 1 KB, a tenth of them copies of known similarity, with a budget of 256 MiB."""
        data, removed = self.work / "near.jsonl", self.work / "removed.jsonl"
        subprocess.run([sys.executable, HERE / "gen_near.py", data, str(5 * self.args.megabytes)], check=True)
        size = data.stat().st_size / 1e6
        path = self.pipeline("near", {
            "load": {"use": "file.read", "options": {"path": str(data)}},
            "near": {"use": "rows.dedupe-near", "from": "load", "options": {"text": "text", "threshold": 0.8}},
            "drop": {"use": "bench.drop", "from": "near.out"},
            "save": {"use": "file.write", "from": "near.removed", "options": {"path": str(removed)}}})
        seconds, resident = self.resident(self.weir(path, "--memory", "256M", "--jobs", 1))
        records = self.stage("near")["records_in"]
        self.note("rows.dedupe-near: most resident memory, budget 256 MiB", resident / 2**20, "MiB", "at most 320")
        self.note(f"rows.dedupe-near: records of {size / 1000:.3g} GB", records / seconds, "a second")
        # Of all stages, reading and writing included: so it holds on a machine that has other work, too.
        self.note("rows.dedupe-near: records", records / self.processor_seconds, "a second of one core",
                  "at least 20000")
        near, right, n_removed = {}, 0, 0
        with open(data, encoding="utf-8") as lines:
            for line in lines:
                if '"pair"' in line:
                    record = json.loads(line)
                    near[record["id"]] = record["jaccard"]
        wanted = sum(index >= 0.8 for index in near.values())
        with open(removed, encoding="utf-8") as lines:
            for line in lines:
                n_removed += 1
                index = near.get(json.loads(line)["id"], 0)
                right += index >= 0.8
        self.note("rows.dedupe-near: recall, half of the pairs in 0.80 to 0.85", right / wanted, "of 1", "at least 0.95")
        self.note("rows.dedupe-near: precision", right / n_removed, "of 1", "1")
        data.unlink()
        removed.unlink()

    def rerun(self):
        """Near-duplicates out, split, train; then the same with the trainer's epochs changed, and with nothing changed."""
        data = self.work / "records.jsonl"
        subprocess.run([sys.executable, HERE / "gen_records.py", data, str(self.args.megabytes // 4)], check=True)
        time.sleep(4)  # the digest of a file that was just written is not remembered
        path = self.pipeline("rerun", {
            "load": {"use": "file.read", "options": {"path": str(data)}},
            "short": {"use": "rows.filter", "from": "load", "options": {"where": "length(text) < 5000"}},
            "unique": {"use": "rows.dedupe-near", "from": "short"},
            "split": {"use": "split.stratified", "from": "unique", "options": {"by": "source", "ratios": {"a": 0.8, "b": 0.2}}},
            "model": {"use": "linear.train", "from": "split.a", "options": {"label": "source", "epochs": "${epochs}"}},
            "predict": {"use": "linear.predict", "from": {"model": "model", "records": "split.b"}},
            "drop": {"use": "bench.drop", "from": "predict"}}, {"epochs": {"type": "integer"}})
        store = ["--store", self.work / "store"]
        times = {}
        for name, epochs in (("at first", 5), ("other epochs", 6), ("nothing changed", 6)):
            times[name] = timed(self.weir(path, *store, "--epochs", epochs), env=self.env)
            states = [json.loads(line) for line in open(self.run_dir / "events.jsonl", encoding="utf-8")]
            reused = {e["stage"] for e in states if e.get("state") == "reused"}
            self.note(f"rerun, {name}: whole process", times[name], "s")
            self.note("  stages reused: " + (", ".join(sorted(reused)) or "none"), len(reused), "")
        self.note("rerun with other epochs, against the first", times["other epochs"] / times["at first"], "times")
        data.unlink()

    def resident(self, command):
        """Seconds, and most resident bytes, of a command that must succeed; its processor time in processor_seconds."""
        begin = time.perf_counter()
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=self.env)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        self.processor_seconds = usage.ru_utime + usage.ru_stime
        if child.returncode:
            raise subprocess.CalledProcessError(child.returncode, command)
        return time.perf_counter() - begin, usage.ru_maxrss * 1024

    @staticmethod
    def read_peers(kind, data):
        copy = ("import mmap,sys,time\nd=open(sys.argv[1],'rb').read()\nb=bytearray(d)\n")
        peers = [("read and memcpy", [sys.executable, "-c", copy, str(data)])]
        if kind == "csv":
            peers.append(("Python csv", [sys.executable, "-c",
                                         "import csv,sys\nfor r in csv.reader(open(sys.argv[1],newline='')): pass",
                                         str(data)]))
        else:
            peers.append(("Python json", [sys.executable, "-c",
                                          "import json,sys\nfor l in open(sys.argv[1],'rb'): json.loads(l)",
                                          str(data)]))
            peers.append(("jq", ["jq", "-c", ".", str(data)]))
        return peers

    def write(self):
        """Formatting records as text; the file is /dev/null, so that no disk is measured."""
        subprocess.run([sys.executable, HERE / "gen_text.py", self.work, str(self.args.megabytes)], check=True)
        data = self.work / "bench.jsonl"
        path = self.pipeline("write", {
            "load": {"use": "file.read", "options": {"path": "${path}"}},
            "save": {"use": "file.write", "from": "load", "options": {"path": "${to}", "format": "${format}"}}},
            {"path": {"type": "input-path"}, "to": {"type": "output-path"}, "format": {"type": "string"}})
        for kind in ("csv", "jsonl"):
            arguments = ["--path", data, "--format", kind, "--to"]
            subprocess.run(self.weir(path, *arguments, self.work / "out"), check=True, env=self.env)
            size = (self.work / "out").stat().st_size / 1e6
            speeds = []
            for _ in range(5):
                timed(self.weir(path, *arguments, "/dev/null"), env=self.env)
                speeds.append(size / self.stage("save")["busy_seconds"])
            self.note(f"file.write {kind}", statistics.median(speeds), "MB/s", "at least 300")
        for name in ("bench.csv", "bench.jsonl", "out"):
            (self.work / name).unlink()

    def exec(self):
        """Records through programs: one that gives each line back as it is, and one in Python beside the same without us."""
        subprocess.run([sys.executable, HERE / "gen_text.py", self.work, str(max(self.args.megabytes // 8, 1))], check=True)
        data, script = self.work / "bench.jsonl", self.work / "length.py"
        script.write_text("import json, sys\n"
                          "for line in sys.stdin: print(json.dumps({'length': len(json.loads(line)['text'])}))\n")
        with open(data, "rb") as lines:
            records = sum(1 for _ in lines)
        begin = time.perf_counter()
        with open(data, "rb") as lines:
            subprocess.run([sys.executable, script], stdin=lines, stdout=subprocess.DEVNULL, check=True)
        alone = records / (time.perf_counter() - begin)
        for name, program, output in (("cat", ["cat"], {"id": "i64", "label": "utf8"}),
                                      ("Python", [sys.executable, str(script)], {"length": "i64"})):
            path = self.pipeline(f"exec-{name}", {
                "load": {"use": "file.read", "options": {"path": str(data)}},
                "map": {"use": "exec.map", "from": "load",
                        "options": {"command": program, "output": output, "processes": "${processes}"}},
                "drop": {"use": "bench.drop", "from": "map"}}, {"processes": {"type": "integer"}})
            for processes in sorted({1, os.cpu_count()}):
                seconds = [timed(self.weir(path, "--processes", processes, "--store", "none"), env=self.env)
                           for _ in range(3)]
                speed = records / statistics.median(seconds)
                self.note(f"exec.map, {name}, {processes} at once", speed, "records a second")
                if name == "Python" and processes == 1:
                    self.note("  against the program alone", speed / alone, "times")
        for name in ("bench.csv", "bench.jsonl"):
            (self.work / name).unlink()

    def multilabel(self):
        """Iterative stratification on goemotions: 43,410 comments, 28 labels, 80 : 10 : 10."""
        folder = pathlib.Path(os.environ.get("WEIR_DATA") or "/nowhere") / "goemotions" / "original"
        if not folder.is_dir():
            print("  (WEIR_DATA does not name the data sets: left out)")
            self.missing.append("data")
            return
        helper, data = str(HERE / "multilabel.py"), str(self.work / "goemotions.jsonl")
        subprocess.run([sys.executable, helper, "convert", str(folder), data], check=True)
        parts = [str(self.work / f"goemotions-{name}.jsonl") for name in ("train", "test", "eval")]
        stages = {"load": {"use": "file.read", "options": {"path": "${path}"}},
                  "split": {"use": "split.multilabel", "from": "load", "options": {"order": "${order}"}}}
        for name, part in zip(("train", "test", "eval"), parts):
            stages[name] = {"use": "file.write", "from": f"split.{name}", "options": {"path": part}}
        path = self.pipeline("multilabel", stages, {"path": {"type": "input-path"}, "order": {"type": "integer"}})
        for order in (1, 2):
            seconds = []
            for _ in range(5):
                timed(self.weir(path, "--path", data, "--order", order), env=self.env)
                seconds.append(self.stage("split")["busy_seconds"])
            run = subprocess.run([sys.executable, helper, "errors", data, *parts], check=True, capture_output=True)
            figures = json.loads(run.stdout)
            self.note(f"split.multilabel, order {order}", statistics.median(seconds), "s", "at most 1")
            self.note("  largest error of a label's share", 100 * figures["error"], "points")
            self.note("  against the median of 10 random splits", figures["error"] / figures["random"], "times",
                      "at most 0.5")
        run = subprocess.run([sys.executable, helper, "peer", data], capture_output=True)
        if run.returncode:
            self.missing.append("iterative-stratification")
            print("  (iterative-stratification is not installed)")
            return
        peer = json.loads(run.stdout)
        self.note("  iterative-stratification: the split alone", peer["seconds"], "s")
        self.note("  iterative-stratification: largest error", 100 * peer["error"], "points")

    def classify(self):
        data = os.environ.get("WEIR_DATA")
        if not data or not (pathlib.Path(data) / "banking77").is_dir():
            print("  (WEIR_DATA does not name the data sets: left out)")
            self.missing.append("data")
            return
        train, test = (str(pathlib.Path(data) / "banking77" / name) for name in ("train.csv", "test.csv"))
        pipeline = self.prefix / "share/weir/pipelines/text-classify.json"
        seconds, accuracy, f1 = [], [], []
        for seed in (1, 2, 3):
            output = self.work / f"classify-{seed}"
            command = self.weir(pipeline, "--train", train, "--test", test, "--text", "text", "--label", "category",
                                "--output", output, "--seed", seed)
            seconds.append(timed(command, env=self.env))
            metrics = json.loads((output / "metrics.json").read_text())
            accuracy.append(metrics["accuracy"])
            f1.append(metrics["macro_f1"])
        self.note("banking77: whole process, median", statistics.median(seconds), "s")
        self.note("banking77: test accuracy, mean of 3 seeds", statistics.mean(accuracy), "", "at least 0.916")
        self.note("banking77: test macro-F1, mean of 3 seeds", statistics.mean(f1), "", "at least 0.916")
        peer = subprocess.run(["/usr/bin/python3", str(HERE / "sklearn_text.py"), train, test], capture_output=True,
                              text=True)
        if peer.returncode:
            self.missing.append("python3-sklearn")
            print("  (python3-sklearn is not installed)")
            return
        figures = json.loads(peer.stdout)
        self.note("  scikit-learn: features and fit alone", figures["seconds"], "s")
        self.note("  scikit-learn: test accuracy", figures["accuracy"], "")
        self.note("banking77: Weir's time against scikit-learn's", statistics.median(seconds) / figures["seconds"],
                  "times", "at most 0.2")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build")
    parser.add_argument("--only",
                        default="startup,bus,read,write,exec,memory,sort,near-dedupe,rerun,classify,multilabel")
    parser.add_argument("--megabytes", type=int, default=400)
    parser.add_argument("--output", default="bench.json")
    args = parser.parse_args()
    bench = Bench(args)
    try:
        bench.install()
        for part in args.only.split(","):
            print(part)
            getattr(bench, part.replace("-", "_"))()
    finally:
        bench.close()
    record = {"processors": os.cpu_count(), "missing": bench.missing, "results": bench.results}
    pathlib.Path(args.output).write_text(json.dumps(record, indent=2) + "\n")
    print(f"written: {args.output}")


if __name__ == "__main__":
    main()
