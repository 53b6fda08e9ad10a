# SPDX-License-Identifier: MIT
"""Follows the author's guide, weir-author(7), in order: saves the files that it shows, and runs its commands, with Weir
installed into a folder of its own."""
import fcntl
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(os.environ["top_srcdir"]).resolve() / "man"))
from examples import rendered  # noqa: E402

TOP = pathlib.Path(os.environ["top_srcdir"]).resolve()
BUILD = pathlib.Path(os.environ["top_builddir"]).resolve()
FILES = TOP / "man" / "author"


def steps():
    """What the page has the reader do, as the reader sees it: (kind, name, content)."""
    names = re.findall(r"^@FILE (\S+)@$", (TOP / "man" / "weir-author.7.in").read_text(), re.M)
    shown = rendered(BUILD / "man" / "weir-author.7")
    if shown is not None and len(shown) != len(names):
        sys.exit(f"weir-author(7) has {len(shown)} blocks of code, and {len(names)} of them are files")
    for number, name in enumerate(names):
        content = shown[number] if shown is not None else (FILES / name).read_text()
        kind = "run" if name.endswith(".sh") else "insert" if name[0].isdigit() else "save"
        yield kind, name, content


def insert(folder, name, content):
    """The two pieces of code that step 4 adds: functions above the options, a class into the table."""
    path = folder / "clip.c"
    text = path.read_text()
    if name == "4-check.part":
        text = text.replace("#include <weir/plugin.h>", "#include <stdlib.h>\n#include <weir/plugin.h>", 1)
        text = text.replace("static const weir_option", content + "\nstatic const weir_option", 1)
    else:
        text = text.replace("\n}};\n\nWEIR_PLUGIN", "\n},\n" + content + "};\n\nWEIR_PLUGIN", 1)
        text = text.replace("classes[] = {{\n", "classes[] = {\n    {\n", 1).replace(".n_classes = 1", ".n_classes = 2")
    path.write_text(text)


def main():
    todo = list(steps())
    environment = dict(os.environ)
    for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "WEIR_PLUGIN_PATH", "WEIR_DEVELOPER", "CC"):
        environment.pop(name, None)
    with tempfile.TemporaryDirectory(prefix="weir-guide.") as folder:
        work = pathlib.Path(folder)
        prefix = work / "weir"
        # libtool links again while it installs, in the build tree: one installation at a time.
        with (BUILD / "tests" / "install.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            done = subprocess.run(["make", "-C", str(BUILD), "-s", "install", f"prefix={prefix}"], env=environment,
                                  capture_output=True, text=True)
        print(f"1..{len(todo) + 1}")
        print(f"{'ok' if done.returncode == 0 else 'not ok'} 1 - Weir is installed")
        if done.returncode:
            print("".join(f"# {line}\n" for line in done.stderr.splitlines()[-20:]))
        environment.update(PATH=f"{prefix}/bin:{environment['PATH']}", PKG_CONFIG_PATH=f"{prefix}/lib/pkgconfig",
                           LD_LIBRARY_PATH=f"{prefix}/lib", XDG_CACHE_HOME=f"{work}/cache")
        where = work
        for number, (kind, name, content) in enumerate(todo, 2):
            if kind == "save":
                (where / name).write_text(content)
                print(f"ok {number} - {name} saved")
                continue
            if kind == "insert":
                insert(where, name, content)
                print(f"ok {number} - {name} put into clip.c")
                continue
            done = follow(content, where, environment)
            warned = "warning" in done.stderr
            fine = done.returncode == 0 and not warned and "not ok" not in done.stdout
            print(f"{'ok' if fine else 'not ok'} {number} - {name}")
            if not fine:
                print("".join(f"# {line}\n" for line in (done.stdout + done.stderr).splitlines()[-40:]))
            where = pathlib.Path((work / ".where").read_text().strip()) if (work / ".where").exists() else where


def follow(content, where, environment):
    """Commands in the reader's shell, which stays in the folder that they lead to."""
    script = content + '\npwd > "$WHERE"\n'
    return subprocess.run(["bash", "-eu", "-c", script], cwd=where, capture_output=True, text=True,
                          env=dict(environment, WHERE=str(pathlib.Path(environment["XDG_CACHE_HOME"]).parent / ".where")))


main()
