#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Tests of compile_fail.py: compile_fail_test.py COMPILER."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).with_name("compile_fail.py")
COMPILER = sys.argv.pop() if len(sys.argv) > 1 else "c++"


class CompileFail(unittest.TestCase):
    def verdict(self, text):
        with tempfile.NamedTemporaryFile(suffix=".cc", mode="w") as file:
            file.write(text)
            file.flush()
            return subprocess.run([sys.executable, SCRIPT, file.name, COMPILER, "-fsyntax-only"],
                                  stdout=subprocess.PIPE, text=True)

    def case(self, broken, control="", expect="nonsense"):
        return f"// expect: {expect}\n#ifdef CONTROL\n{control}\n#else\n{broken}\n#endif\n"

    def test_the_expected_message_passes(self):
        self.assertEqual(self.verdict(self.case("nonsense x;")).returncode, 0)

    def test_another_message_fails(self):
        result = self.verdict(self.case("gibberish x;"))
        self.assertEqual(result.returncode, 1)
        self.assertIn("not with `nonsense`", result.stdout)

    def test_a_case_that_compiles_fails(self):
        self.assertIn("must not", self.verdict(self.case("int x;")).stdout)

    def test_a_control_that_does_not_compile_fails(self):
        self.assertIn("control doesn't compile", self.verdict(self.case("nonsense x;", "nonsense y;")).stdout)

    def test_a_case_without_control_fails(self):
        self.assertIn("has no control", self.verdict("// expect: nonsense\nnonsense x;\n").stdout)

    def test_a_case_without_expectation_fails(self):
        self.assertIn("// expect", self.verdict("nonsense x;\n").stdout)


if __name__ == "__main__":
    unittest.main()
