#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Runs an example and compares what it prints with the "Prints:" lines at the end of its source."""
import difflib
import subprocess
import sys


def main():
    program, source = sys.argv[1:]
    lines = open(source, encoding="utf-8").read().splitlines()
    start = lines.index("// Prints:") + 1
    expected = [line.removeprefix("//").removeprefix(" ") for line in lines[start:]]
    run = subprocess.run([program], capture_output=True, text=True, timeout=50, check=False)
    printed = run.stdout.splitlines()
    for line in difflib.unified_diff(expected, printed, "expected", "printed", lineterm=""):
        print(line)
    if run.stderr:
        print(f"on stderr:\n{run.stderr}")
    if run.returncode:
        print(f"exit status {run.returncode}")
    return int(expected != printed or bool(run.stderr) or run.returncode != 0)


if __name__ == "__main__":
    sys.exit(main())
