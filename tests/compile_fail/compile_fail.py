#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Checks that a source doesn't compile, and says why.

    compile_fail.py SOURCE COMPILER [FLAGS...]

SOURCE carries a line `// expect: REGEX`, which the compiler's output must match. With -DCONTROL it must compile: a case
that fails for another reason than the one it is about proves nothing.
"""

import re
import subprocess
import sys


def compile_source(command):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"})
    return result.returncode == 0, result.stdout


def check(source, command):
    """None if all is as it should be, else what isn't."""
    with open(source, encoding="utf-8") as file:
        text = file.read()
    expected = re.search(r"^// expect: (.+)$", text, re.M)
    if expected is None:
        return "has no line `// expect: REGEX`"
    if "CONTROL" not in text:
        return "has no control: the part under #ifdef CONTROL that does compile"
    compiled, output = compile_source([*command, "-DCONTROL", source])
    if not compiled:
        return f"its control doesn't compile:\n{output}"
    compiled, output = compile_source([*command, source])
    if compiled:
        return "compiles, but must not"
    if not re.search(expected[1], output):
        return f"fails, but not with `{expected[1]}`:\n{output}"
    return None


def main():
    source, *command = sys.argv[1:]
    wrong = check(source, command)
    if wrong:
        print(f"{source}: {wrong}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
