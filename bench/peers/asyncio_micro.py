#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""asyncio_micro.py TEST N [uvloop]: the tests of micro.cc in Python, on asyncio's loop or on uvloop's.

The same command line and the same line of JSON; Python's allocations aren't counted.
"""

import asyncio
import json
import sys
import threading
import time

GATHERED = 10_000
DEPTH = 10


class Random:
    """micro.cc's numbers."""

    def __init__(self):
        self.state = 20

    def next(self):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 11) / 2**53


async def noop():
    return 1


async def spawn(n):
    for _ in range(n):
        await asyncio.create_task(noop())


async def yield_times(n):
    for _ in range(n):
        await asyncio.sleep(0)


async def yield_(n):
    other = asyncio.create_task(yield_times(n // 2))
    await yield_times(n - n // 2)
    await other


async def nest(levels):
    if levels == 1:
        return 1
    return await nest(levels - 1) + 1


async def nested(n):
    for _ in range(0, n, DEPTH):
        await nest(DEPTH)


async def leaf(n):
    for _ in range(n):
        await noop()


async def gather(n):
    for done in range(0, n, GATHERED):
        await asyncio.gather(*[noop() for _ in range(min(GATHERED, n - done))])


async def produce(queue, n):
    for i in range(n):
        await queue.put(i)


async def queue(n):
    items = asyncio.Queue(128)
    producer = asyncio.create_task(produce(items, n))
    total = 0
    for _ in range(n):
        total += await items.get()
    await producer


async def wait_for(n):
    for _ in range(n):
        await asyncio.wait_for(noop(), 1)


async def timeout(n):
    for _ in range(n):
        async with asyncio.timeout(1):
            await noop()


async def group(n):
    async with asyncio.TaskGroup() as tasks:
        for i in range(n):
            tasks.create_task(noop())
            if i % GATHERED == 0:
                await asyncio.sleep(0)


async def serving(n):
    async with await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0):
        await asyncio.wait_for(yield_(n), 3600)


async def sleep(n):
    random = Random()
    tasks = [asyncio.create_task(asyncio.sleep(random.next())) for _ in range(n)]
    for task in tasks:
        await task


async def post(n):
    loop = asyncio.get_running_loop()
    all_here = asyncio.Event()
    arrived = 0

    def arrive():
        nonlocal arrived
        arrived += 1
        if arrived == n:
            all_here.set()

    def post_all():
        for _ in range(n):
            loop.call_soon_threadsafe(arrive)

    poster = threading.Thread(target=post_all)
    poster.start()
    await all_here.wait()
    poster.join()


async def pool(n):
    for _ in range(n):
        await asyncio.to_thread(lambda: 1)


TESTS = {"spawn": spawn, "yield": yield_, "nested": nested, "leaf": leaf, "gather": gather, "queue": queue,
         "wait_for": wait_for, "timeout": timeout, "group": group, "serving": serving,
         "sleep": sleep, "post": post, "pool": pool}


def status_bytes(key):
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(key))


async def measure(test, n):
    if test != "sleep":
        await TESTS[test](min(n, max(n // 20, 10_000)))
    resident = status_bytes("VmRSS:")
    wall, cpu = time.perf_counter_ns(), time.process_time_ns()
    await TESTS[test](n)
    cpu, wall = time.process_time_ns() - cpu, time.perf_counter_ns() - wall
    grown = status_bytes("VmHWM:") - resident
    print(json.dumps({"test": test, "n": n, "cpu_ns": cpu / n, "wall_ns": wall / n, "rss_bytes": grown / n}))


def main():
    test, n = sys.argv[1], int(sys.argv[2])
    if sys.argv[3:] == ["uvloop"]:
        import uvloop  # only who asks for it needs it
        uvloop.install()
    asyncio.run(measure(test, n))


if __name__ == "__main__":
    main()
