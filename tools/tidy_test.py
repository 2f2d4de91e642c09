#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Tests of tools/tidy, on tiny trees in temporary folders."""

import importlib.machinery
import importlib.util
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).parent
LOADER = importlib.machinery.SourceFileLoader("tidy", str(HERE / "tidy"))
tidy = importlib.util.module_from_spec(importlib.util.spec_from_loader("tidy", LOADER))
sys.modules["tidy"] = tidy
LOADER.exec_module(tidy)

HEAD = tidy.SPDX + "\n// A file.\n"
LAYERS = "base:\ncore: base\nio: core\nwire: base\nnet: core\nos: net\ntesting: net\nroof: base core io net os\n"


class Tree(unittest.TestCase):
    """Helpers: make a tree, run tidy on it, compare its breaches."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.write("LAYERS", LAYERS)

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def add(self, path, body="", head=HEAD):
        """A source that keeps to every rule but for its `body`, and is listed in its CMakeLists.txt."""
        self.write(path, head + ("#pragma once\n" if path.endswith(".h") else "") + body)
        folder = "/".join(path.split("/")[:2]) if path.count("/") > 1 else "tarn"
        lists = self.root / folder / "CMakeLists.txt"
        listed = lists.read_text() if lists.exists() else ""
        self.write(f"{folder}/CMakeLists.txt", f"{listed}tarn_room(x SOURCES {path.removeprefix(folder + '/')})\n")

    def breaches(self):
        return [str(breach) for breach in tidy.check(self.root)[0]]

    def assert_clean(self):
        self.assertEqual(self.breaches(), [])

    def assert_breach(self, *parts):
        """Exactly one breach, which holds every one of `parts`."""
        breaches = self.breaches()
        self.assertEqual(len(breaches), 1, breaches)
        for part in parts:
            self.assertIn(part, breaches[0])


class Layers(Tree):
    def test_a_room_may_include_itself_and_what_its_line_names(self):
        self.add("tarn/core/task.h", "#include <tarn/base/bytes.h>\n#include <tarn/core/loop.h>\n")
        self.assert_clean()

    def test_a_room_may_include_what_stands_below_the_rooms_it_names(self):
        self.add("tarn/os/file.h", "#include <tarn/base/bytes.h>\n")
        self.assert_clean()

    def test_a_room_may_not_include_what_stands_above_it(self):
        self.add("tarn/core/loop.cc", "\n#include <tarn/net/stream.h>\n")
        self.assert_breach("tarn/core/loop.cc:4: core includes net")

    def test_a_room_may_not_include_a_room_beside_it(self):
        self.add("tarn/wire/http1.h", "#include <tarn/core/task.h>\n")
        self.assert_breach("wire includes core")

    def test_the_roof_may_include_what_its_line_names(self):
        self.add("tarn/tarn.h", "#include <tarn/io/uring.h>\n#include <tarn/os/file.h>\n")
        self.assert_clean()

    def test_the_roof_may_not_include_more(self):
        self.add("tarn/tarn.h", "#include <tarn/wire/http1.h>\n")
        self.assert_breach("roof includes wire")

    def test_a_room_may_not_include_the_roof_above_it(self):
        self.add("tarn/net/stream.h", "#include <tarn/tarn.h>\n")
        self.assert_breach("net includes roof")

    def test_a_test_may_use_the_simulation_and_the_roof(self):
        self.add("tarn/core/loop_test.cc",
                 "#include <gtest/gtest.h>\n#include <tarn/testing/sim.h>\n#include <tarn/tarn.h>\n")
        self.assert_clean()

    def test_another_rooms_internals_are_private(self):
        self.add("tarn/os/file.cc", "#include <tarn/net/internal/socket.h>\n")
        self.assert_breach("private to net")

    def test_a_room_needs_its_line(self):
        self.add("tarn/shed/spade.h")
        self.assert_breach("no line in LAYERS")

    def test_a_line_may_not_name_a_later_room(self):
        self.write("LAYERS", "base: core\ncore: base\n")
        self.assert_breach("LAYERS:1: base names core")

    def test_an_include_in_quotes_is_refused(self):
        self.add("tarn/core/loop.cc", '#include "loop.h"\n')
        self.assert_breach('tarn/core/loop.cc:3: includes "loop.h"')


class SystemHeaders(Tree):
    def test_stand_in_io_os_and_net_internal(self):
        for path in ("tarn/io/uring.cc", "tarn/os/file.cc", "tarn/net/internal/socket.cc"):
            self.add(path, "#include <sys/socket.h>\n#include <unistd.h>\n")
        self.assert_clean()

    def test_are_refused_elsewhere(self):
        self.add("tarn/net/stream.cc", "#include <netinet/in.h>\n")
        self.assert_breach("tarn/net/stream.cc:3: includes <netinet/in.h>")

    def test_are_allowed_in_tests(self):
        self.add("tarn/net/stream_test.cc", "#include <sys/socket.h>\n")
        self.assert_clean()

    def test_the_standard_library_is_allowed(self):
        self.add("tarn/base/bytes.h", "#include <vector>\n#include <cstring>\n")
        self.assert_clean()

    def test_the_standard_library_has_its_names_of_cpp(self):
        self.add("tarn/base/bytes.h", "#include <string.h>\n")
        self.assert_breach("write <cstring>")

    def test_third_parties_stand_where_they_are_listed(self):
        self.add("tarn/net/dns.cc", "#include <ares.h>\n")
        self.assert_clean()
        self.add("tarn/wire/http1.cc", "#include <zlib.h>\n")
        self.assert_breach("wire includes <zlib.h>")


class Form(Tree):
    def test_the_licence_line_is_the_first(self):
        self.add("tarn/base/a.cc", head="// A file.\n")
        self.assert_breach("no licence line")

    def test_a_file_has_a_head_comment(self):
        self.add("tarn/base/a.cc", head=tidy.SPDX + "\n")
        self.assert_breach("no head comment")

    def test_the_headers_comment_speaks_for_its_source_and_test(self):
        self.add("tarn/base/a.h")
        self.add("tarn/base/a.cc", head=tidy.SPDX + "\n")
        self.add("tarn/base/a_test.cc", head=tidy.SPDX + "\n")
        self.assert_clean()

    def test_a_header_is_guarded(self):
        self.add("tarn/base/a.h")
        self.write("tarn/base/a.h", HEAD)
        self.assert_breach("no include guard")

    def test_a_line_ends_at_column_120(self):
        self.add("tarn/base/a.cc", "// " + "x" * 117 + "\n")
        self.assert_clean()
        self.add("tarn/base/a.cc", "// " + "x" * 118 + "\n")
        self.assert_breach("tarn/base/a.cc:3: 121 columns")

    def test_a_line_of_a_script_ends_there_too(self):
        self.write("tools/replay", "# " + "x" * 119 + "\n")
        self.assert_breach("tools/replay:1: 121 columns")

    def test_nothing_is_left_to_be_done(self):
        self.add("tarn/base/a.cc", "// TO" "DO: later\n")
        self.assert_breach("leaves something")

    def test_every_file_is_listed(self):
        self.write("tarn/base/a.cc", HEAD)
        self.assert_breach("isn't in tarn/base/CMakeLists.txt")

    def test_a_comment_does_not_list_a_file(self):
        self.write("tarn/base/a.cc", HEAD)
        self.write("tarn/base/CMakeLists.txt", "tarn_room(base SOURCES b.cc)  # a.cc\n")
        self.assert_breach("isn't in tarn/base/CMakeLists.txt")


class Docstrings(Tree):
    def header(self, body):
        self.write("tarn/base/a.h", HEAD + "#pragma once\n" + body)
        self.write("tarn/base/CMakeLists.txt", "tarn_room(base HEADERS a.h)\n")

    def test_every_name_of_an_installed_header_has_one(self):
        self.header("namespace tarn {\n/// Says so.\nint f(int a = {});\nint g();\n}\n")
        self.assert_breach("tarn/base/a.h:7: g has no docstring")

    def test_classes_and_their_forward_declarations_differ(self):
        self.header("namespace tarn {\nclass A;\nstruct B {\n  int x;\n};\n}\n")
        self.assert_breach("a.h:6: B has no docstring")

    def test_what_is_internal_needs_none(self):
        self.header("namespace tarn::internal {\nint f();\n}\nnamespace tarn {\nnamespace internal {\nint g();\n}\n}\n")
        self.assert_clean()

    def test_the_first_overload_speaks_for_all(self):
        self.header("namespace tarn {\n/// Says so.\nint f(int);\nint f(char);\n}\n")
        self.assert_clean()

    def test_a_docstring_may_name_a_family(self):
        self.header("namespace tarn {\n/// A and its kind, B.\nclass A {};\nclass B : public A {};\n}\n")
        self.assert_clean()

    def test_members_are_not_looked_at(self):
        self.header("namespace tarn {\n/// Says so.\nclass A {\n  int x();\n};\nint A::x() {\n}\n}\n")
        self.assert_clean()


class Budgets(Tree):
    def body(self, count):
        return "".join(f"int x{number};\n" for number in range(count))

    def test_a_header_ends_at_250_lines_of_code(self):
        self.add("tarn/base/a.h", self.body(249))
        self.assert_clean()
        self.add("tarn/base/a.h", self.body(250))
        self.assert_breach("the header has 251 lines of code")

    def test_a_source_ends_at_600_lines_of_code(self):
        self.add("tarn/base/a.cc", self.body(600))
        self.assert_clean()
        self.add("tarn/base/a.cc", self.body(601))
        self.assert_breach("the source has 601 lines of code")

    def test_a_test_ends_at_1000_lines_of_code(self):
        self.add("tarn/base/a_test.cc", self.body(1000))
        self.assert_clean()
        self.add("tarn/base/a_test.cc", self.body(1001))
        self.assert_breach("the test has 1001 lines of code")

    def test_comments_and_blank_lines_are_free(self):
        self.add("tarn/base/a.h", "// why\n\n/* long\n   story */\n" * 300)
        self.assert_clean()

    def test_a_function_ends_at_70_lines_of_code(self):
        self.add("tarn/base/a.cc", "int f() {\n" + "  g();\n" * 68 + "}\n")
        self.assert_clean()
        self.add("tarn/base/a.cc", "int f() {\n" + "  g();\n" * 69 + "}\n")
        self.assert_breach("tarn/base/a.cc:3: f has 71 lines of code")

    def test_an_exception_holds_for_its_exact_figure(self):
        self.add("tarn/base/a.cc", self.body(610))
        self.write(tidy.EXCEPTIONS, "# why\n610 tarn/base/a.cc\n")
        self.assert_clean()

    def test_an_exception_may_not_grow(self):
        self.add("tarn/base/a.cc", self.body(611))
        self.write(tidy.EXCEPTIONS, "610 tarn/base/a.cc\n")
        self.assert_breach("has grown from 610 to 611")

    def test_an_exception_that_shrank_is_lowered(self):
        self.add("tarn/base/a.cc", self.body(609))
        self.write(tidy.EXCEPTIONS, "610 tarn/base/a.cc\n")
        self.assert_breach("write 609 instead of 610")

    def test_an_exception_that_is_not_needed_goes(self):
        self.add("tarn/base/a.cc", self.body(600))
        self.write(tidy.EXCEPTIONS, "610 tarn/base/a.cc\n")
        self.assert_breach("tools/tidy_exceptions.txt:1:", "delete the line")

    def test_a_function_can_be_an_exception(self):
        self.add("tarn/base/a.cc", "int f() {\n" + "  g();\n" * 69 + "}\n")
        self.write(tidy.EXCEPTIONS, "71 tarn/base/a.cc f\n")
        self.assert_clean()


class Functions(Tree):
    def functions(self, text):
        self.write("a.cc", text)
        return [(f.name, f.line, f.lines) for f in tidy.functions(tidy.Source(self.root, self.root / "a.cc"))]

    def test_are_found_inside_namespaces_and_classes(self):
        self.assertEqual(self.functions("namespace a {\nclass B : public C<int> {\n public:\n  B() : c_(1) {\n  }\n"
                                        "  int f() const { return 1; }\n};\n}\n"), [("B", 4, 2), ("f", 6, 1)])

    def test_include_the_lambdas_and_blocks_inside(self):
        self.assertEqual(self.functions("void f() {\n  if (x) {\n    g([&](int i) {\n      h(i);\n    });\n  }\n}\n"),
                         [("f", 1, 7)])

    def test_may_have_members_initialized_with_braces(self):
        self.assertEqual(self.functions("A::A(int x)\n    : x_{x}, y_{2} {\n  f();\n}\n"), [("A::A", 1, 4)])

    def test_may_have_template_parameters_and_constraints(self):
        self.assertEqual(self.functions("template <class T>\n  requires (sizeof(T) > 1)\n"
                                        "auto f(T t) -> T {\n  return t;\n}\n")[0][1:], (1, 5))

    def test_are_not_found_in_strings_comments_and_macros(self):
        self.assertEqual(self.functions('// f() {\nauto s = "g() {";\nauto r = R"(h() {)";\n#define M() {\n'
                                        "char c = '{';\nint big = 1'000'000;\nvoid k() {}\n"), [("k", 7, 1)])

    def test_are_not_initializers_or_enums(self):
        self.assertEqual(self.functions("enum class E : int { a, b };\nint t[] = {1, 2};\nint x{3};\nvoid f() {}\n"),
                         [("f", 4, 1)])

    def test_of_gtest_carry_their_whole_name(self):
        self.assertEqual(self.functions("TEST(Url, HasAHost) {\n}\n"), [("TEST(Url, HasAHost)", 1, 2)])


if __name__ == "__main__":
    unittest.main()
