# SPDX-License-Identifier: BSL-1.0
"""What a figure was measured on, and whether the machine was quiet meanwhile.

Wall clock is of little use on a machine that others use, and processor time per operation moves by a fifth between a
busy and a quiet one. So each run records `others`: how many cores were taken by anybody but the program that was
measured. Reports use the quiet runs.
"""

import os
import platform
import re
import subprocess
import time

QUIET_CORES = 0.15  # a run is clean if the others took less than this
IN_VAIN_MAX = 30  # seconds without a quiet moment after which nobody waits any more
waited_in_vain = 0
TICKS = os.sysconf("SC_CLK_TCK")


def busy_seconds():
    """The processor time of all processes since the machine started, without what waited for a disk."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, file.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / TICKS


class Watch:
    """Measures how much the others took while it is open: `others` cores, `own` being the measured seconds."""

    def __enter__(self):
        self.began, self.busy = time.monotonic(), busy_seconds()
        return self

    def __exit__(self, *exc):
        self.seconds = time.monotonic() - self.began
        self.busy = busy_seconds() - self.busy

    def others(self, own):
        # /proc/stat counts in hundredths of a second: each core's sum may be off by one of them.
        return max(0.0, self.busy - own - os.cpu_count() / TICKS) / max(self.seconds, 1 / TICKS)


def wait_until_quiet(patience):
    """Waits at most `patience` seconds for an idle machine, and does without on one that never is."""
    global waited_in_vain
    began = time.monotonic()
    while time.monotonic() < began + patience and waited_in_vain < IN_VAIN_MAX:
        with Watch() as watch:
            time.sleep(0.1)
        if watch.others(0) < QUIET_CORES:
            waited_in_vain = 0
            return
    waited_in_vain += time.monotonic() - began


def first_line(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[0]
    except (OSError, subprocess.CalledProcessError, IndexError):
        return None


def cache_entry(build, key):
    match = re.search(rf"^{key}:\w+=(.*)$", (build / "CMakeCache.txt").read_text(), re.M)
    return match[1] if match else ""


def describe(root, build):
    """The machine, the compilers and the commit, for the result's head."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = re.search(r"^model name\s*: (.*)$", file.read(), re.M)
    kind = cache_entry(build, "CMAKE_BUILD_TYPE")
    flags = " ".join(cache_entry(build, key) for key in ("CMAKE_CXX_FLAGS", f"CMAKE_CXX_FLAGS_{kind.upper()}")).strip()
    commit = first_line("git", "-C", str(root), "rev-parse", "--short=12", "HEAD")
    changed = first_line("git", "-C", str(root), "status", "--porcelain", "--untracked-files=no")
    return {
        "processor": model[1] if model else platform.processor(),
        "cores": os.cpu_count(),
        "virtual": first_line("systemd-detect-virt"),
        "kernel": platform.release(),
        "compiler": first_line(cache_entry(build, "CMAKE_CXX_COMPILER"), "--version"),
        "flags": flags,
        "python": platform.python_version(),
        "commit": f"{commit} with changes" if changed else commit,
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
    }
