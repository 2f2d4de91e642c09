#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Holds the documentation's C++ to programs that are built and run.

Every ```cpp block of README.md, ARCHITECTURE.md and docs/ follows a comment that names where it stands:
    <!-- examples/queue.cc [queue] -->    the lines between the two "// [queue]" marks of that file
    <!-- not compiled: why -->            a block that can't be, with the reason
`--write` puts the sources' lines into the blocks. Links to files of the project must lead somewhere, too.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BLOCK = re.compile(r"(?P<head>(?:^<!-- (?P<comment>[^\n]*?) -->\n)?)^```cpp\n(?P<code>.*?)^```$", re.M | re.S)
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)[^)]*\)")


def snippet(comment):
    """The lines that `examples/queue.cc [queue]` names; ValueError says what is wrong."""
    match = re.fullmatch(r"(\S+) \[(\w+)\]", comment)
    if not match:
        raise ValueError(f"'{comment}' isn't 'FILE [mark]'")
    path, mark = ROOT / match[1], f"// [{match[2]}]"
    if not path.is_file():
        raise ValueError(f"{match[1]} doesn't exist")
    lines = path.read_text(encoding="utf-8").splitlines()
    marks = [i for i, line in enumerate(lines) if line.strip() == mark]
    if len(marks) != 2:
        raise ValueError(f"{match[1]} has {len(marks)} marks '{mark}', not two")
    return "\n".join(lines[marks[0] + 1 : marks[1]]) + "\n"


def check(page, write):
    """Yields what is wrong in one page."""
    text = page.read_text(encoding="utf-8")

    def problem(position, what):
        return f"{page.relative_to(ROOT)}:{text.count(chr(10), 0, position) + 1}: {what}"

    fresh = text
    for match in BLOCK.finditer(text):
        comment = match["comment"]
        if comment is None:
            yield problem(match.start(), "a ```cpp block without a source: put <!-- FILE [mark] --> above it")
            continue
        if comment.startswith("not compiled: "):
            continue
        try:
            wanted = snippet(comment)
        except ValueError as error:
            yield problem(match.start(), str(error))
            continue
        if wanted == match["code"]:
            continue
        if write:
            fresh = fresh.replace(match[0], f"{match['head']}```cpp\n{wanted}```")
        else:
            yield problem(match.start(), f"differs from {comment}: run tests/docs/check_snippets.py --write")
    if fresh != text:
        page.write_text(fresh, encoding="utf-8")
    prose = re.sub(r"`[^`\n]*`", lambda code: " " * len(code[0]), text)
    for match in LINK.finditer(prose):
        if not (page.parent / match[1]).exists():
            yield problem(match.start(), f"the link leads nowhere: {match[1]}")


def main():
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    problems = [line for page in sorted(pages) for line in check(page, "--write" in sys.argv)]
    print("\n".join(problems) or f"{len(pages)} pages: every snippet is built, every link leads somewhere")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
