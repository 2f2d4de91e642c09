#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Counts the preprocessed lines of every public header and compares them with their budgets.

    include_budget.py BUDGETS HEADERS COMPILER [FLAGS...]

Lines are deterministic where seconds are not, and they follow the time a compiler takes. Prints every header with its
figure, the heaviest first; exits with 1 if one is over its budget.
"""

import concurrent.futures
import fnmatch
import os
import subprocess
import sys


def read_budgets(path):
    """[(pattern, lines)], in the order of the file."""
    with open(path, encoding="utf-8") as file:
        rows = [line.split() for line in file if line.strip() and not line.startswith("#")]
    return [(pattern, int(lines)) for lines, pattern in rows]


def preprocessed_lines(header, command):
    result = subprocess.run([*command, "-E", "-P", "-x", "c++", "-"], input=f"#include <{header}>\n", text=True,
                            stdout=subprocess.PIPE, check=True)
    return sum(1 for line in result.stdout.splitlines() if line.strip())


def main():
    budgets_path, headers_path, *command = sys.argv[1:]
    budgets = read_budgets(budgets_path)
    with open(headers_path, encoding="utf-8") as file:
        headers = file.read().split()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        figures = dict(zip(headers, pool.map(lambda header: preprocessed_lines(header, command), headers)))
    over = 0
    for header, lines in sorted(figures.items(), key=lambda item: -item[1]):
        budget = next((budget for pattern, budget in budgets if fnmatch.fnmatch(header, pattern)), None)
        if budget is None:
            verdict = "  has no line in budgets.txt"
        elif lines > budget:
            verdict = f"  over its budget of {budget}: include less, or move code into the source"
        else:
            verdict = ""
        over += bool(verdict)
        print(f"{lines:6} {header}{verdict}")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
