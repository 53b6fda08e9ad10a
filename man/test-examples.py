# SPDX-License-Identifier: MIT
"""The pieces of JSON in the manual pages are JSON still when they are rendered."""
import json
import os
import pathlib
import re
import sys

sys.dont_write_bytecode = True
from examples import rendered  # noqa: E402

TOP = pathlib.Path(os.environ["top_srcdir"])
BUILD = pathlib.Path(os.environ["top_builddir"])


def pieces(text):
    """Members or whole values, one after the other; what is left out is "..."."""
    decoder = json.JSONDecoder()
    at = 0
    while at < len(text):
        if name := re.compile(r'"[^"]*":\s*(?=[{["\d])').match(text, at):
            at = name.end()
        at = decoder.raw_decode(text, at)[1]
        at = re.compile(r"[\s,]*").match(text, at).end()


def main():
    count = 0
    pages = sorted({*(TOP / "man").glob("*.[157]"), *(BUILD / "man").glob("*.[157]")})
    for page in pages:
        blocks = rendered(page)
        if blocks is None:
            print("1..0 # SKIP mandoc is not installed")
            return
        for block in blocks:
            text = block.strip()
            if text[0] not in '{["' or text.startswith("{.") or "..." in text:
                continue
            count += 1
            try:
                pieces(text)
                print(f"ok {count} - an example in {page.name}")
            except ValueError as error:
                print(f"not ok {count} - an example in {page.name}: {error}")
                print("".join(f"# {line}\n" for line in text.splitlines()))
    print(f"1..{count}")


main()
