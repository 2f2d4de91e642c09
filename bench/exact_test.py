#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""exact_test.py MICRO COUNT_SYSCALLS: allocations and system calls per operation, which are numbers and not estimates.

Each is the difference of a long and a short run of micro.cc: what starting costs, and filling the pools, falls out.
"""

import json
import os
import subprocess
import sys

SHORT, MORE = 20_000, 40_000
SKIPPED = 77

ALLOCATIONS = {
    "spawn": 0,
    "yield": 0,
    "nested": 0,
    "leaf": 0,
    "queue": 0,
    "gather": 5 / 10_000,  # per gather: the vectors of coroutines, tasks, nodes and values, and the common state
    "sleep": 2,  # nothing is given back while they sleep: the frame and the task's state
    "post": 1,  # what crosses threads isn't pooled
    "pool": 1,
    "echo": 0,
}
SYSTEM_CALLS = {
    "spawn": 0,  # nothing is in flight: the kernel is not asked
    "yield": 0,
    "nested": 0,
    "leaf": 0,
    "queue": 0,
    "echo": 6,  # a round trip: on each end one send, one epoll_wait, one recv
}


def allocations(micro, test, operations):
    line = subprocess.run([micro, test, str(operations)], capture_output=True, text=True, check=True).stdout
    return json.loads(line)["allocations"] * operations


def system_calls(counter, micro, test, operations):
    run = subprocess.run([counter, micro, test, str(operations)], capture_output=True, text=True, check=False)
    if run.returncode == SKIPPED:
        sys.exit(SKIPPED)
    return int(run.stderr.split()[-1])


def main():
    micro, counter = sys.argv[1:]
    os.environ["TARN_PORT"] = "epoll"
    failures = []

    def expect(what, test, expected, per_operation):
        # A table that doubles or a pool that grows once more isn't a cost per operation.
        if abs(per_operation - expected) > 2e-3:
            failures.append(f"{test}: {per_operation:.4f} {what} per operation, {expected} expected")

    for test, expected in ALLOCATIONS.items():
        grown = allocations(micro, test, SHORT + MORE) - allocations(micro, test, SHORT)
        expect("allocations", test, expected, grown / MORE)
    for test, expected in SYSTEM_CALLS.items():
        # Each call is stopped at twice. Below 10,000 operations the warm-up grows with them (meter.cc).
        slower = 2 if expected else 1
        short, more = SHORT // slower, MORE // slower
        grown = system_calls(counter, micro, test, short + more) - system_calls(counter, micro, test, short)
        expect("system calls", test, expected, grown / more)
    print("\n".join(failures) or "exact")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
