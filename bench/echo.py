#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""The echo benchmark: ./dev bench echo [--cases SIZE:CONNECTIONS,…] [--rounds N] [--seconds S] [--publish]

Each round starts every server once, on core 1, and lets bench_load (core 0) play ping-pong with it. The figure is the
server's processor time per round trip: unlike the rate it hardly moves with what else the machine does. Ratios are
medians of the rounds' ratios against the floor, bench/peers/epoll_echo.cc.
"""

import argparse
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import time

import machine

ROOT = pathlib.Path(__file__).resolve().parent.parent
RESULTS = ROOT / "build" / "bench"
SERVER_CORE, CLIENT_CORE = 1, 0
CASES = "64:64,64:1000,16384:64"


def servers(build):
    binaries = build / "bin"
    return {
        "epoll alone": [str(binaries / "bench_epoll_echo"), "PORT"],
        "tarn epoll": [str(binaries / "bench_echo_server"), "PORT", "epoll"],
        "tarn uring": [str(binaries / "bench_echo_server"), "PORT", "uring"],
    }


def pinned(core):
    return lambda: os.sched_setaffinity(0, {core % os.cpu_count()})


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def wait_for_server(port, process):
    for _ in range(200):
        if process.poll() is not None:
            return False
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
            return True
        except OSError:
            time.sleep(0.02)
    return False


def run_once(build, command, size, connections, seconds):
    port = free_port()
    command = [str(port) if word == "PORT" else word for word in command]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, preexec_fn=pinned(SERVER_CORE))
    try:
        if not wait_for_server(port, server):
            sys.exit(f"bench: {' '.join(command)} does not listen")
        machine.wait_until_quiet(2)
        load = [str(build / "bin" / "bench_load"), *map(str, (port, connections, size, seconds, server.pid))]
        with machine.Watch() as watch:
            done = subprocess.run(load, check=True, capture_output=True, text=True, preexec_fn=pinned(CLIENT_CORE))
        run = json.loads(done.stdout)
        # The load's half second of warming up costs both sides as much per second as the rest.
        own = (run["server_seconds"] + run["client_seconds"]) * watch.seconds / run["seconds"]
        return run | {"others": round(watch.others(own), 3)}
    finally:
        server.kill()
        server.wait()


def measure(build, cases, rounds, seconds):
    runs = []
    names = list(servers(build).items())
    for number in range(rounds):
        for size, connections in cases:
            turn = number % len(names)
            for name, command in names[turn:] + names[:turn]:
                run = run_once(build, command, size, connections, seconds)
                runs.append(run | {"server": name, "round": number})
    return runs


def table(build, cases, runs):
    rows = [["message", "connections", "server", "µs per round trip", "to the first", "per second", "p50 µs", "p99 µs",
             "clean"]]
    rows.append(["---"] * len(rows[0]))
    floor = next(iter(servers(build)))
    for size, connections in cases:
        case = [r for r in runs if (r["size"], r["connections"]) == (size, connections)]
        floors = {r["round"]: r["server_us"] for r in case if r["server"] == floor}
        for name in servers(build):
            mine = [r for r in case if r["server"] == name]
            middle = lambda key, of=mine: statistics.median(r[key] for r in of)  # noqa: E731
            ratio = statistics.median(r["server_us"] / floors[r["round"]] for r in mine)
            clean = sum(r["others"] < machine.QUIET_CORES for r in mine)
            rows.append([f"{size} B", str(connections), name, f"{middle('server_us'):.2f}", f"{ratio:.2f}",
                         f"{middle('per_second'):,.0f}", f"{middle('p50_us'):.0f}", f"{middle('p99_us'):.0f}",
                         f"{clean}/{len(mine)}"])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


PUBLISHED = """# What an echo costs

Written by `./dev bench echo --publish`: the processor time of a server per round trip, one thread, one message on its
way per connection. *epoll alone* is `bench/peers/epoll_echo.cc`: nothing but the system calls. *tarn* is
`bench/echo_server.cc`: a coroutine per connection on `Stream`.

"""


def main():
    parser = argparse.ArgumentParser(prog="./dev bench echo", description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument("--cases", default=CASES, help=f"SIZE:CONNECTIONS, … ({CASES})")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--publish", action="store_true", help="write docs/benchmarks/echo.md")
    options = parser.parse_args()
    cases = [tuple(map(int, case.split(":"))) for case in options.cases.split(",")]
    runs = measure(options.build, cases, options.rounds, options.seconds)
    about = machine.describe(ROOT, options.build)
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "echo.json").write_text(json.dumps({"about": about, "runs": runs}, indent=1))
    facts = [f"{key} {about[key]}" for key in ("compiler", "flags", "kernel", "commit", "date")]
    where = f"{about['processor']}, {about['cores']} cores; {'; '.join(facts)}."
    text = f"{table(options.build, cases, runs)}\n\n{where}\n"
    print(text)
    if options.publish:
        page = ROOT / "docs" / "benchmarks" / "echo.md"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(PUBLISHED + text)


if __name__ == "__main__":
    main()
