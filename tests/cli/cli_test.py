#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""The command `tarn` against servers that behave and servers that don't. usage: cli_test.py TARN [unittest's arguments]

The servers are threads of this test on loopback ports that the kernel chooses.
"""
import contextlib
import hashlib
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import unittest

TARN = ""
IMAGES = pathlib.Path(__file__).resolve().parent.parent.parent / "examples" / "images"
TIMEOUT_S = 60


def run_tarn(*arguments, cwd=None):
    return subprocess.run([TARN, *map(str, arguments)], cwd=cwd, capture_output=True, text=True, timeout=TIMEOUT_S,
                          check=False)


@contextlib.contextmanager
def answering(answer):
    """A server that hands each connection to `answer(socket)`; gives its URL and the list of request heads it saw."""
    listener = socket.create_server(("127.0.0.1", 0))
    heads = []

    def serve():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection, contextlib.suppress(OSError):
                    head = b""
                    while b"\r\n\r\n" not in head:
                        data = connection.recv(4096)
                        if not data:
                            break
                        head += data
                    heads.append(head)
                    answer(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", heads
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(TIMEOUT_S)


@contextlib.contextmanager
def serving(*arguments):
    """`tarn serve`; gives its URL and the process."""
    process = subprocess.Popen([TARN, "serve", "--port", "0", *map(str, arguments)], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()
        found = re.search(r" at (http://\S+?)/? ", line)
        if not found:
            raise AssertionError(f"tarn serve says {line!r}: {process.stderr.read() if process.poll() else ''}")
        yield found[1], process
    finally:
        process.kill()
        process.communicate()


def raw_request(url, target):
    """The status line and the body for a request target that no client would send."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 10) as connection:
        connection.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        data = b""
        while chunk := connection.recv(65536):
            data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


def reset(connection):
    """Closes with RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class Get(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="tarn-cli-")))

    def files(self):
        return sorted(path.name for path in self.folder.iterdir())

    def fails(self, answer, expected, *arguments, tries=1):
        """tarn get from a server that answers so: exit status 1, one clear line, no file left, so many tries."""
        with answering(answer) as (url, heads):
            run = run_tarn("get", "--retry", tries - 1, "--directory", self.folder, *arguments, f"{url}/file.bin")
        self.assertEqual(run.returncode, 1, run.stderr)
        self.assertRegex(run.stderr, expected)
        self.assertIn(f"{url}/file.bin: ", run.stderr)
        self.assertEqual(self.files(), [])
        self.assertEqual(len(heads), tries)

    def test_downloads_are_identical_and_named_by_their_urls(self):
        with serving(IMAGES) as (url, _):
            names = sorted(path.name for path in IMAGES.glob("*.jpg"))
            run = run_tarn("get", "--directory", self.folder, *(f"{url}/{name}" for name in names))
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertEqual(self.files(), names)
        for name in names:
            self.assertEqual(hashlib.sha256((self.folder / name).read_bytes()).digest(),
                             hashlib.sha256((IMAGES / name).read_bytes()).digest())
        self.assertRegex(run.stdout.splitlines()[-1], r"^3 of 3 files, 27\d\.\d kB in \d+\.\d{4} s$")

    def test_two_urls_of_one_name_give_two_files(self):
        with serving(IMAGES) as (url, _):
            run = run_tarn("get", "-q", "-d", self.folder, f"{url}/dawn.jpg", f"{url}/dawn.jpg")
        self.assertEqual((run.returncode, run.stdout, run.stderr), (0, "", ""))
        self.assertEqual(self.files(), ["dawn.jpg", "dawn.jpg-2"])

    def test_the_json_report_has_every_file(self):
        with serving(IMAGES) as (url, _):
            run = run_tarn("get", "--json", "-d", self.folder, f"{url}/dawn.jpg", f"{url}/none.jpg")
        report = json.loads(run.stdout)
        self.assertEqual(run.returncode, 1)
        self.assertEqual([f["error"] is None for f in report["files"]], [True, False])
        self.assertEqual(report["files"][0]["bytes"], (IMAGES / "dawn.jpg").stat().st_size)

    def test_a_missing_file_is_an_error_and_leaves_nothing(self):
        self.fails(lambda c: c.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnope"), "404", tries=1)

    def test_a_client_error_is_not_tried_again(self):
        with answering(lambda c: c.sendall(b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n")) as (url, heads):
            run = run_tarn("get", "--retry", 3, "-d", self.folder, f"{url}/x")
        self.assertEqual((run.returncode, len(heads)), (1, 1))

    def test_a_server_error_is_tried_again(self):
        self.fails(lambda c: c.sendall(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"), "503", tries=3)

    def test_a_later_try_can_succeed(self):
        answers = [b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n",
                   b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwhole"]
        with answering(lambda c: c.sendall(answers.pop(0))) as (url, heads):
            run = run_tarn("get", "-d", self.folder, f"{url}/x")
        self.assertEqual((run.returncode, len(heads), run.stderr), (0, 2, ""))
        self.assertEqual((self.folder / "x").read_bytes(), b"whole")

    def test_a_truncated_body_never_looks_whole(self):
        self.fails(lambda c: c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 400), "400 of 1000")

    def test_a_truncated_chunked_body_never_looks_whole(self):
        self.fails(lambda c: c.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"), "body")

    def test_a_reset_in_the_middle_is_an_error(self):
        def answer(connection):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 400)
            reset(connection)

        self.fails(answer, "(?i)reset|400 of 1000")

    def test_a_connection_closed_without_an_answer_is_an_error(self):
        self.fails(lambda c: None, "(?i)disconnect|closed", tries=2)

    def test_a_malformed_answer_is_an_error_that_says_what(self):
        self.fails(lambda c: c.sendall(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), "not HTTP: a message that begins with 'S'")

    def test_conflicting_lengths_are_refused(self):
        self.fails(lambda c: c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"),
                   "(?i)content-length")

    def test_a_refused_connection_is_an_error_that_names_the_address(self):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        run = run_tarn("get", "--retry", 0, "-d", self.folder, f"http://127.0.0.1:{port}/x")
        self.assertEqual(run.returncode, 1)
        self.assertRegex(run.stderr, rf"127\.0\.0\.1:{port}.*(?i:refused)")
        self.assertEqual(self.files(), [])

    def test_a_full_disk_is_an_error_and_not_tried_again(self):
        body = b"x" * 100_000
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        with answering(lambda c: c.sendall(answer)) as (url, heads):
            run = run_tarn("get", "--retry", 3, "--output", "/dev/full", f"{url}/x")
        self.assertEqual((run.returncode, len(heads)), (1, 1))
        self.assertRegex(run.stderr, "/dev/full: No space left on device")

    def test_a_folder_that_cannot_be_written_is_an_error(self):
        with answering(lambda c: c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")) as (url, _):
            run = run_tarn("get", "--output", self.folder / "none" / "x", f"{url}/x")
        self.assertEqual(run.returncode, 1)
        self.assertRegex(run.stderr, "No such file or directory")

    def test_a_bad_url_is_refused_before_anything_is_sent(self):
        run = run_tarn("get", "http://[::1")
        self.assertEqual(run.returncode, 2)
        self.assertRegex(run.stderr, r"^tarn get: .*\[::1")

    def test_a_name_for_several_files_is_refused(self):
        run = run_tarn("get", "-o", "x", "http://127.0.0.1:1/a", "http://127.0.0.1:1/b")
        self.assertEqual((run.returncode, "--output" in run.stderr), (2, True))

    def test_an_interrupt_removes_what_is_not_whole(self):
        started = threading.Event()
        go_on = threading.Event()

        def answer(connection):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 400)
            started.set()
            go_on.wait(TIMEOUT_S)

        with answering(answer) as (url, _):
            process = subprocess.Popen([TARN, "get", "-d", self.folder, f"{url}/x"], stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, text=True)
            self.assertTrue(started.wait(TIMEOUT_S))
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=TIMEOUT_S)
            go_on.set()
        self.assertEqual((process.returncode, errors), (130, ""))
        self.assertEqual(self.files(), [])


class Serve(unittest.TestCase):
    def test_help_tells_the_options(self):
        for command in ("get", "serve"):
            run = run_tarn(command, "--help")
            self.assertEqual(run.returncode, 0)
            self.assertIn("--help", run.stdout)

    def test_nothing_outside_the_folder_can_be_reached(self):
        with tempfile.TemporaryDirectory(prefix="tarn-cli-") as name:
            base = pathlib.Path(name)
            (base / "secret").write_text("secret", encoding="utf-8")
            (base / "site").mkdir()
            (base / "site" / "open.txt").write_text("open", encoding="utf-8")
            os.symlink(base / "secret", base / "site" / "link")
            with serving(base / "site") as (url, _):
                self.assertEqual(raw_request(url, "/open.txt"), (200, b"open"))
                for target in ("/../secret", "/%2e%2e/secret", "/..%2fsecret", "/%2e%2e%2fsecret", "//../secret",
                               "/./../secret", "/site/../../secret", "/link", "/open.txt%00.jpg", "/..\\secret",
                               "/" + "../" * 20 + "etc/passwd", "/%c0%ae%c0%ae/secret"):
                    status, body = raw_request(url, target)
                    self.assertIn(status, (400, 403, 404), target)
                    self.assertNotIn(b"secret", body.replace(target.encode(), b""), target)

    def test_the_tutorials_routes(self):
        with serving(IMAGES, "--hello", "--quiet") as (url, _):
            connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=TIMEOUT_S)
            self.addCleanup(connection.close)
            for target, body in (("/", "<h1>Index</h1>"), ("/hello/bob", "<h1>hello, bob!</h1>"),
                                 ("/hello/%E5%BC%A0%E4%B8%89", "<h1>hello, 张三!</h1>"),
                                 ("/hello/%3Cb%3E", "<h1>hello, &lt;b&gt;!</h1>")):
                connection.request("GET", target)
                response = connection.getresponse()
                self.assertEqual((response.status, response.read().decode()), (200, body))
                self.assertIn("text/html", response.getheader("content-type"))
            connection.request("POST", "/")
            response = connection.getresponse()
            response.read()
            self.assertEqual((response.status, response.getheader("allow")), (405, "GET, HEAD"))
            connection.request("GET", "/none")
            self.assertEqual(connection.getresponse().status, 404)

    def test_a_port_in_use_is_an_error_that_names_it(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            run = run_tarn("serve", IMAGES, "--port", port)
        self.assertEqual(run.returncode, 2)
        self.assertRegex(run.stderr, rf"^tarn serve: .*127\.0\.0\.1:{port}.*Address already in use")

    def test_a_folder_that_is_missing_is_an_error(self):
        run = run_tarn("serve", "/nonexistent")
        self.assertEqual(run.returncode, 2)
        self.assertRegex(run.stderr, "^tarn serve: .*/nonexistent")

    def test_an_interrupt_ends_it_cleanly(self):
        with serving(IMAGES) as (_, process):
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=TIMEOUT_S)
            self.assertEqual((process.returncode, errors), (0, ""))


class Ports(unittest.TestCase):
    def test_a_forced_port_with_an_unknown_name_is_an_error(self):
        run = subprocess.run([TARN, "get", "http://127.0.0.1:1/"], env={**os.environ, "TARN_PORT": "kqueue"},
                             capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        self.assertEqual(run.returncode, 2)
        self.assertRegex(run.stderr, "TARN_PORT.*kqueue")


if __name__ == "__main__":
    TARN = sys.argv.pop(1)
    unittest.main()
