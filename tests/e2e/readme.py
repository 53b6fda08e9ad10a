# SPDX-License-Identifier: MIT
"""Runs every command of the README, in order, in a folder that looks like the checkout; files that it tells the reader
to save are saved. The two bootstrap commands are left out here: they build the very tree that this test runs in."""
import fcntl
import os
import pathlib
import re
import subprocess
import tempfile

TOP = pathlib.Path(os.environ["top_srcdir"]).resolve()
BUILD = pathlib.Path(os.environ["top_builddir"]).resolve()
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
NAME = re.compile(r"save\s+it\s+as\s+`([\w.-]+)`")


def blocks(text):
    """(language, content, text since the block before) of every fenced block."""
    last = 0
    for match in BLOCK.finditer(text):
        yield match.group(1), match.group(2), text[last : match.start()]
        last = match.end()


def main():
    steps = []
    for language, content, before in blocks((TOP / "README.md").read_text()):
        name = NAME.search(before)
        if name:
            steps.append(("save", name.group(1), content))
        elif language == "sh" and not content.startswith("./bootstrap"):
            steps.append(("run", content.split("\n")[0], content))
    print(f"1..{len(steps)}")
    with tempfile.TemporaryDirectory(prefix="weir-readme.") as folder:
        work = pathlib.Path(folder)
        (work / "build").symlink_to(BUILD)
        (work / "pipelines").symlink_to(TOP / "pipelines")
        environment = dict(os.environ, XDG_CACHE_HOME=str(work / "cache"))
        for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL"):
            environment.pop(name, None)
        # libtool links again while it installs, in the build tree: one installation at a time.
        lock = (BUILD / "tests" / "install.lock").open("w")
        for number, (kind, title, content) in enumerate(steps, 1):
            if kind == "save":
                (work / title).write_text(content)
                print(f"ok {number} - saved {title}")
                continue
            # The environment that a block exports is that of the blocks after it, as in a reader's shell.
            if "install" in content:
                fcntl.flock(lock, fcntl.LOCK_EX)
            result = subprocess.run(["bash", "-eu", "-c", content + "\nenv -0 > .environment"], cwd=work,
                                    env=environment, capture_output=True, text=True)
            fcntl.flock(lock, fcntl.LOCK_UN)
            if result.returncode == 0:
                pairs = (work / ".environment").read_text().split("\0")
                environment = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
            print(f"{'ok' if result.returncode == 0 else 'not ok'} {number} - {title}")
            if result.returncode:
                print("".join(f"# {line}\n" for line in (result.stdout + result.stderr).splitlines()[-30:]))


main()
