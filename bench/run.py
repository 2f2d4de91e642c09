#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Runs the benchmarks and prints their tables: ./dev bench [NAME...] [--peers] [--quick] [--rounds N] [--publish]

Names are the micro-benchmarks' (spawn, yield, ...; all of them without a name).

Every round runs each program once, in an order that turns from round to round, so that whatever else the machine does
falls on all of them alike. The figure of a program is the median of its runs; the ratio of two is the median of the
rounds' ratios, which holds still when the machine doesn't. Runs that others disturbed (machine.py) are left out as long
as three clean rounds remain. Results go to build/bench/*.json with every single run in them.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import statistics
import subprocess
import sys
import threading

import machine

ROOT = pathlib.Path(__file__).resolve().parent.parent
RESULTS = ROOT / "build" / "bench"
PINNED_CORE = 1  # for single-threaded programs; core 0 gets the machine's interrupts
CLEAN_ROUNDS_MIN = 3
OPERATIONS_MIN = 20_000
RUN_SECONDS_MAX = 120  # what takes longer stands still


@dataclasses.dataclass(frozen=True)
class Test:
    name: str
    operations: int
    unit: str
    threads: bool = False


TESTS = [
    Test("spawn", 5_000_000, "co_await create_task(noop())"),
    Test("yield", 20_000_000, "one of two tasks' sleep(0)"),
    Test("serving", 6_000_000, "yield while a server listens and a timer is set"),
    Test("nested", 15_000_000, "one level of ten nested coroutines"),
    Test("leaf", 15_000_000, "co_await noop()"),
    Test("gather", 3_000_000, "one task of a gather of 10,000"),
    Test("queue", 15_000_000, "one item through a queue of 128"),
    Test("wait_for", 3_000_000, "co_await wait_for(noop(), 1s)"),
    Test("timeout", 3_000_000, "co_await with(timeout(1s), body)"),
    Test("group", 3_000_000, "one task of a TaskGroup, 10,000 at a time"),
    Test("sleep", 1_000_000, "one task that sleeps for up to a second"),
    Test("post", 1_000_000, "call_soon_threadsafe from another thread", threads=True),
    Test("pool", 20_000, "to_thread, there and back", threads=True),
]


BEYOND_FLOOR = ("serving", "wait_for", "timeout", "group")


@dataclasses.dataclass(frozen=True)
class Program:
    name: str
    command: tuple
    options: tuple = ()
    without: tuple = ()  # tests that it doesn't have
    slower: int = 1  # does so many times fewer operations, so that a run takes as long as the others'


def programs(build, peers):
    """What is built or installed; tarn first, then what it is compared with."""
    binaries, gcc = build / "bin", build.parent / "release-gcc" / "bin"
    found = [Program("tarn", (str(binaries / "tarn_micro"),)),
             Program("floor", (str(binaries / "bench_floor"),), without=BEYOND_FLOOR)]
    optional = [("tarn, g++", gcc / "tarn_micro", ()), ("floor, g++", gcc / "bench_floor", BEYOND_FLOOR)]
    if peers:
        found += [Program(name, (str(file),), without=without) for name, file, without in optional if file.exists()]
        script = str(ROOT / "bench" / "peers" / "asyncio_micro.py")
        found.append(Program("asyncio", (sys.executable, script), slower=150))
        if subprocess.run([sys.executable, "-c", "import uvloop"], capture_output=True, check=False).returncode == 0:
            found.append(Program("uvloop", (sys.executable, script), ("uvloop",), slower=150))
    return found


def run_once(program, test, quick):
    """One run: the program's own line, and how quiet the machine was."""
    operations = max(OPERATIONS_MIN, test.operations // program.slower) // (10 if quick else 1)
    command = [*program.command, test.name, str(operations), *program.options]
    pin = None if test.threads else lambda: os.sched_setaffinity(0, {PINNED_CORE % os.cpu_count()})
    machine.wait_until_quiet(0.3 if quick else 2)
    with machine.Watch() as watch:
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=pin)
        too_long = threading.Timer(RUN_SECONDS_MAX, child.kill)
        too_long.start()
        out, err = child.stdout.read(), child.stderr.read()
        _, status, usage = os.wait4(child.pid, 0)
        too_long.cancel()
        child.returncode = status
    if status != 0:
        sys.exit(f"bench: {' '.join(command)} failed:\n{err}")
    run = json.loads(out)
    return run | {"program": program.name, "others": round(watch.others(usage.ru_utime + usage.ru_stime), 3)}


def progress(text):
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def measure(tests, found, rounds, quick):
    runs = []
    for number in range(rounds):
        for test in tests:
            turned = found[number % len(found):] + found[:number % len(found)]
            for program in turned:
                if test.name in program.without:
                    continue
                progress(f"round {number + 1} of {rounds}: {test.name}, {program.name}")
                runs.append(run_once(program, test, quick) | {"round": number})
    progress("")
    return runs


# --- what the runs say ------------------------------------------------------------------------------------------------


def of(runs, test, program):
    """The runs of one program in one test by round."""
    return {run["round"]: run for run in runs if run["test"] == test.name and run["program"] == program.name}


def usable(*by_round):
    """The rounds in which nobody disturbed any of the runs; all of them if too few are left."""
    common = set.intersection(*(set(runs) for runs in by_round))
    clean = [n for n in common if all(runs[n]["others"] < machine.QUIET_CORES for runs in by_round)]
    return clean if len(clean) >= CLEAN_ROUNDS_MIN else sorted(common)


def median(by_round, key):
    return statistics.median(by_round[n][key] for n in usable(by_round))


def paired_ratio(ours, theirs, key="cpu_ns"):
    return statistics.median(ours[n][key] / theirs[n][key] for n in usable(ours, theirs) if theirs[n][key] > 0)


def figure(value):
    return f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def share(ratio):
    return f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.2g}"


def table(tests, found, runs):
    """Processor time per operation of each program, with tarn's share of it; then what only tarn's runs say."""
    ours, others = found[0], found[1:]
    head = ["test", "one operation", "tarn"] + [f"{peer.name} (tarn/it)" for peer in others]
    head += ["allocations", "clean rounds"]
    rows = []
    for test in tests:
        mine = of(runs, test, ours)
        row = [test.name, test.unit, figure(median(mine, "cpu_ns"))]
        for peer in others:
            theirs = of(runs, test, peer)
            row.append(f"{figure(median(theirs, 'cpu_ns'))} ({share(paired_ratio(mine, theirs))})" if theirs else "-")
        row.append(f"{median(mine, 'allocations'):.3f}")
        row.append(f"{sum(run['others'] < machine.QUIET_CORES for run in mine.values())}/{len(mine)}")
        rows.append(row)
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows])


def memory(found, runs):
    sizes = []
    for program in found:
        runs_of = [run["rss_bytes"] for run in runs if run["test"] == "sleep" and run["program"] == program.name]
        if runs_of:
            sizes.append(f"{program.name} {statistics.median(runs_of):.0f}")
    return f"Resident bytes per sleeping task: {', '.join(sizes)}." if sizes else ""


def report(tests, found, runs, about):
    versions = [f"{key} {about[key]}" for key in ("compiler", "flags", "python", "kernel", "commit", "date")]
    where = f"{about['processor']}, {about['cores']} cores ({about['virtual'] or 'not virtual'})"
    return "\n".join(["Processor time per operation in ns: medians; in brackets the median of the paired ratios.", "",
                      table(tests, found, runs), "", memory(found, runs), "", f"{where}; {'; '.join(versions)}.", ""])


PUBLISHED = """# What the core's operations cost

Written by `./dev bench --peers --publish`; `bench/micro.cc` has the tests. *floor* is `bench/floor.cc`: pooled frames,
symmetric transfer, a ring and a heap, and nothing that makes a library: no cancellation, no exceptions, no names, no
reports. What tarn costs above it is what those cost. A round is clean if everybody else on the machine took less than
0.15 of a core meanwhile; processor time per operation moves little where that isn't so, which is why it is the figure.

"""


def main():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument("names", nargs="*", metavar="NAME", help="micro-benchmarks to run; all without one")
    parser.add_argument("--peers", action="store_true", help="compare with every library that is there")
    parser.add_argument("--quick", action="store_true", help="a tenth of the operations, three rounds")
    parser.add_argument("--rounds", type=int, help="how often each program runs (7)")
    parser.add_argument("--publish", action="store_true", help="write docs/benchmarks/micro.md")
    options = parser.parse_args()
    unknown = set(options.names) - {test.name for test in TESTS}
    if unknown:
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(test.name for test in TESTS)}")
    tests = [test for test in TESTS if not options.names or test.name in options.names]
    rounds = options.rounds or (3 if options.quick else 7)

    found = programs(options.build, options.peers)
    about = machine.describe(ROOT, options.build)
    runs = measure(tests, found, rounds, options.quick)
    RESULTS.mkdir(parents=True, exist_ok=True)
    result = RESULTS / "micro.json"
    result.write_text(json.dumps({"about": about, "runs": runs}, indent=1))
    text = report(tests, found, runs, about)
    print(text)
    print(f"every run: {result.relative_to(ROOT)}")
    if options.publish:
        page = ROOT / "docs" / "benchmarks" / "micro.md"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(PUBLISHED + text)
        print(f"written: {page.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
