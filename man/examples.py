# SPDX-License-Identifier: MIT
"""The blocks of code of a manual page, as its reader sees them."""
import pathlib
import re
import shutil
import subprocess
import textwrap


def rendered(page):
    """A list of texts, one for each block between .nf and .fi; None where there is no mandoc."""
    if not shutil.which("mandoc"):
        return None
    blocks = re.findall(r"^\.nf\n(.*?)^\.fi", pathlib.Path(page).read_text(), re.S | re.M)
    return [render(block) for block in blocks]


def render(block):
    source = f".TH X 7 2026-01-01 X\n.SH X\n.nf\n{block}.fi\n"
    shown = subprocess.run(["mandoc", "-Tutf8", "-O", "width=200"], input=source, capture_output=True, text=True, check=True)
    # Without what stands at the top and at the foot of a page, and without bold and italics, which are struck over.
    lines = re.sub(".\x08", "", shown.stdout).split("\n")[3:-3]
    return textwrap.dedent("\n".join(lines)).strip("\n") + "\n"
