# SPDX-License-Identifier: MIT
"""Tests of pipeline-run on a terminal: what stands on its screen while a run goes on, and after it."""
import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time

signal.signal(signal.SIGINT, signal.default_int_handler)  # children of who ignores it would ignore it, too

TOP = os.environ["top_srcdir"]
RUN = os.path.join(os.environ["top_builddir"], "pipeline-run")
N = 0

PIPELINE = """{ "weir": 1, "name": "demo", "stages": {
  "make": { "use": "display.rows", "options": { "batches": 8, "pause": "100ms" } },
  "eat":  { "use": "display.eat", "from": "make", "options": { "pause": "120ms" } } } }
"""


class Screen:
    """The few control sequences that the display uses; anything else is an error."""

    def __init__(self, columns):
        self.columns, self.lines, self.row, self.cursor = columns, [""], 0, True
        self.widest, self.unknown = 0, []
        self.frames = []

    def feed(self, text):
        for piece in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|\r\n|\r|\n|[^\x1b\r\n]+|\x1b", text):
            if piece == "\r\n" or piece == "\n":
                self.row += 1
                if self.row == len(self.lines):
                    self.lines.append("")
            elif piece == "\r":
                pass
            elif re.fullmatch(r"\x1b\[\d+A", piece):
                self.frames.append("\n".join(self.lines))
                self.row = max(0, self.row - int(piece[2:-1]))
            elif piece == "\x1b[J":
                del self.lines[self.row:]
                self.lines.append("")
            elif piece in ("\x1b[?25l", "\x1b[?25h"):
                self.cursor = piece.endswith("h")
            elif re.fullmatch(r"\x1b\[[0-9;]*m", piece):
                pass
            elif piece.startswith("\x1b"):
                self.unknown.append(piece)
            else:
                self.lines[self.row] += piece
                self.widest = max(self.widest, len(self.lines[self.row]))


def ok(name, good, more=""):
    global N
    N += 1
    print(f"{'ok' if good else 'not ok'} {N} - {name}")
    if not good:
        for line in str(more)[-2000:].splitlines():
            print("#", ascii(line))
    sys.stdout.flush()


def run(arguments=(), columns=100, rows=24, env=None, interrupts=0, resize=None, folder="."):
    """Runs it on a pseudo-terminal. Returns its exit status and all that it wrote there."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.environ.update({"TERM": "xterm", "LC_ALL": "C.UTF-8", "WEIR_PLUGIN_PATH": folder}, **(env or {}))
        time.sleep(0.1)  # until the size is set
        os.execv(RUN, ["pipeline-run", "p.json", *arguments])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    data, seen, last = b"", b"", time.monotonic()
    while True:
        if select.select([terminal], [], [], 0.05)[0]:
            try:
                piece = os.read(terminal, 65536)
            except OSError:
                break
            if not piece:
                break
            data += piece
        seen = re.sub(rb"\x1b\[[0-9;]*m", b"", data)
        if interrupts and b"epoch 2" in seen and time.monotonic() - last > 0.3:
            os.write(terminal, b"\x03")
            interrupts, last = interrupts - 1, time.monotonic()
        if resize and b"epoch 3" in seen:
            fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, resize, 0, 0))
            resize = None
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(terminal)
    return status, data.decode("utf-8")


def main(folder):
    plugin = os.path.join(folder, "display.so")
    source = os.path.join(TOP, "framework/cli/test_plugin.c")
    subprocess.run([*os.environ["CC"].split(), "-std=gnu11", "-shared", "-fPIC", f"-I{TOP}/framework/abi", source,
                    "-o", plugin], check=True)
    with open(os.path.join(folder, "p.json"), "w", encoding="utf-8") as out:
        out.write(PIPELINE)

    status, text = run(folder=folder)
    screen = Screen(100)
    screen.feed(text)
    end = "\n".join(screen.lines)
    ok("it ends well", status == 0, end)
    ok("only known control sequences", not screen.unknown, screen.unknown)
    ok("the cursor is back", screen.cursor and "\x1b[?25l" in text)
    ok("no line is as wide as the terminal", screen.widest < 100, screen.widest)
    ok("at most ten frames a second", 5 <= text.count("\x1b[?25l") <= 25, text.count("\x1b[?25l"))
    ok("each epoch stands above once", all(end.count(f"epoch {i} ") == 1 for i in range(1, 9)), end)
    ok("nothing of the display stays", "●" not in end and "stages done" not in end, end)
    ok("the closing table does", "demo done in" in end, end)
    ok("a stage that works", any(re.search(r"● make +\S+ k records .*━.*\d+ %  \d of 8 batches", f)
                                for f in screen.frames), screen.frames[-1:])
    ok("a remaining time", any(re.search(r"\d s left", f) for f in screen.frames), screen.frames[-1:])

    status, text = run(columns=60, rows=3, folder=folder)
    screen = Screen(60)
    screen.feed(text)
    ok("a small terminal", status == 0 and all("(1 not shown)" in f for f in screen.frames[1:3]), screen.frames[:3])
    block = [line for f in screen.frames for line in f.splitlines() if "records" in line]
    ok("lines are clipped", block and all(len(line) < 60 for line in block), block)

    status, text = run(columns=100, resize=40, folder=folder)
    ok("a terminal that is made narrower", status == 0 and "…" in text, text)
    status, text = run(env={"NO_COLOR": "1"}, folder=folder)
    ok("NO_COLOR", status == 0 and not re.search(r"\x1b\[[0-9;]*m", text) and "\x1b[?25l" in text, text)
    status, text = run(env={"TERM": "dumb"}, folder=folder)
    ok("TERM=dumb: plain lines", status == 0 and "\x1b" not in text and "make  started" in text, text)
    status, text = run(env={"LC_ALL": "C"}, folder=folder)
    ok("a terminal without UTF-8", status == 0 and text.isascii() and "* make" in re.sub(r"\x1b\[[0-9;]*m", "", text), text)
    status, text = run(["--quiet"], folder=folder)
    ok("--quiet", status == 0 and text == "", text)

    status, text = run(interrupts=1, folder=folder)
    screen = Screen(100)
    screen.feed(text)
    ok("Ctrl-C cancels", status == 130 and "demo cancelled in" in "\n".join(screen.lines), (status, text))
    ok("and gives the cursor back", screen.cursor)
    stubborn = ["--set", "eat.stubborn=true"]
    status, text = run(stubborn, interrupts=1, folder=folder)
    ok("who does not listen is named", 'stage "eat" (display.eat) has not stopped yet' in text, text)
    status, text = run(stubborn, interrupts=2, folder=folder)
    screen = Screen(100)
    screen.feed(text)
    ok("it says how to stop at once", "cancelling; again to stop at once" in text, text)
    ok("the second Ctrl-C does", status == 130 and "cancelled in" not in text, (status, text))
    ok("and gives the cursor back then too", screen.cursor, text)
    ok("and ends the line", text.endswith("\n"), text)
    print(f"1..{N}")


signal.alarm(120)
FOLDER = tempfile.mkdtemp()
try:
    main(FOLDER)
finally:
    shutil.rmtree(FOLDER)
