#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Checks that a source doesn't compile, and says why.

    compile_fail.py SOURCE COMPILER_ID COMPILER [FLAGS...]

SOURCE carries a line `// expect: REGEX`, which the compiler's output must match, and may carry `// compiler: clang` or
`// compiler: gnu` if the mistake is only one there (the test is skipped elsewhere). Compiled with -DCONTROL it must
compile: a case that fails for another reason than the one it is about proves nothing.
"""

import re
import subprocess
import sys


def directive(text, name):
    match = re.search(rf"^// {name}: (.+)$", text, re.M)
    return match[1].strip() if match else None


def compile_source(command):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"})
    return result.returncode == 0, result.stdout


def check(source, command):
    """None if all is as it should be, else what isn't."""
    with open(source, encoding="utf-8") as file:
        text = file.read()
    expected = directive(text, "expect")
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
    if not re.search(expected, output):
        return f"fails, but not with `{expected}`:\n{output}"
    return None


def main():
    source, compiler_id, *command = sys.argv[1:]
    with open(source, encoding="utf-8") as file:
        only = directive(file.read(), "compiler")
    if only and only not in compiler_id:
        print(f"{source}: is about {only} only")
        return 77
    wrong = check(source, command)
    if wrong:
        print(f"{source}: {wrong}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
