// SPDX-License-Identifier: BSL-1.0
// Reading and writing over socket pairs, on both Ports. Names that begin with S1 … S5 are asyncio's rules for streams.
#include <tarn/net/stream.h>

#include <tarn/base/errors.h>
#include <tarn/net/net_fixture.h>

#include <csignal>
#include <cstring>
#include <vector>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace tarn {
namespace {

class Streams : public NetTest {};
TARN_ON_BOTH_PORTS(Streams);

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i * 7 % 26);
  return text;
}

// Writes until the peer's and our kernel buffers are full and `more` bytes wait in ours.
Coro<> stuff(Stream& stream, std::size_t more) {
  stream.set_write_buffer_limits({.low = 1000, .high = SIZE_MAX});
  const std::string block(65536, 's');
  while (stream.get_write_buffer_size() < more) stream.write_nowait(block);
  co_await sleep(0s);
}

// --- S1: what the reading verbs give ---

TEST_P(Streams, ReadGivesWhatIsThereUpToItsSize) {
  run([]() -> Coro<> {
    auto [a, b] = stream_pair();
    co_await b.write("hello world");
    EXPECT_EQ(co_await a.read(5), "hello");
    EXPECT_EQ(co_await a.read(100), " world");
    EXPECT_EQ(co_await a.read(0), "");
    b.close();
    EXPECT_EQ(co_await a.read(100), "");
    EXPECT_TRUE(a.at_eof());
  });
}

TEST_P(Streams, ReadWithoutASizeGivesEverythingUntilTheEnd) {
  run([]() -> Coro<> {
    auto [a, b] = stream_pair();
    const std::string sent = pattern(300'000);
    auto reader = create_task(a.read());
    co_await b.write(sent);
    b.close();
    const std::string got = co_await reader;
    EXPECT_EQ(got, sent);
  });
}

TEST_P(Streams, ReadSomeGivesBufferedBytesFirst) {
  run([]() -> Coro<> {
    auto [a, b] = stream_pair();
    char buffer[4];
    co_await b.write("line\nrest");
    EXPECT_EQ(co_await a.readline(), "line\n");
    EXPECT_EQ(co_await a.read_some(buffer), 4u);
    EXPECT_EQ(std::string(buffer, 4), "rest");
    std::byte bytes[4];
    co_await b.write("xy");
    EXPECT_EQ(co_await a.read_some(bytes), 2u);
    b.close();
    EXPECT_EQ(co_await a.read_some(buffer), 0u);
    EXPECT_EQ(co_await a.read_some(buffer), 0u);
  });
}

TEST_P(Streams, S1_ReadUntilGivesThePartWithItsSeparator) {
  run([]() -> Coro<> {
    auto [a, b] = stream_pair();
    auto reader = create_task(a.readuntil("\r\n\r\n"));
    for (const char* piece : {"GET / HTTP/1.1\r", "\n", "\r", "\nbody"}) {
      co_await b.write(piece);
      co_await settle();
    }
    EXPECT_EQ(co_await reader, "GET / HTTP/1.1\r\n\r\n");
    EXPECT_EQ(co_await a.read(100), "body");
  });
}

TEST_P(Streams, S1_ReadUntilOverLimitKeepsTheData) {
  run([]() -> Coro<> {
    auto [a, b] = stream_pair(4);
    co_await b.write("12345678");
    std::size_t consumed = 0;
    try {
      co_await a.readuntil("\n");
    } catch (const LimitOverrunError& e) {
      consumed = e.consumed();
      EXPECT_STREQ(e.what(), "Separator is not found, and chunk exceed the limit");
    }
    EXPECT_EQ(consumed, 8u);
    EXPECT_EQ(co_await a.readexactly(8), "12345678");
    co_await b.write("abcdef\nx");
    try {
      co_await a.readuntil("\n");
    } catch (const LimitOverrunError& e) {
      consumed = e.consumed();
      EXPECT_STREQ(e.what(), "Separator is found, but chunk is longer than limit");
    }
    EXPECT_EQ(consumed, 6u);
    EXPECT_EQ(co_await a.readexactly(8), "abcdef\nx");
  });
}

TEST_P(Streams, S1_TheLimitIsForThePartBeforeTheSeparator) {
  run([]() -> Coro<> {
    auto [a, b] = stream_pair(4);
    co_await b.write("1234\n12345\n");
    EXPECT_EQ(co_await a.readuntil("\n"), "1234\n");
    const std::string error = co_await raised<LimitOverrunError>(a.readuntil("\n"));
    EXPECT_NE(error, "nothing");
  });
}

TEST_P(Streams, S1_ReadlineOverLimitDropsALineThatIsThere) {
  run([]() -> Coro<> {
    auto [a, b] = stream_pair(4);
    co_await b.write("too long\nok\n");
    const std::string error = co_await raised<ValueError>(a.readline());
    EXPECT_EQ(error, "Separator is found, but chunk is longer than limit");
    EXPECT_EQ(co_await a.readline(), "ok\n");
  });
}

TEST_P(Streams, S1_ReadlineOverLimitDropsAllOfALineThatGoesOn) {
  run([]() -> Coro<> {
    auto [a, b] = stream_pair(4);
    co_await b.write("too long");
    const std::string error = co_await raised<ValueError>(a.readline());
    EXPECT_EQ(error, "Separator is not found, and chunk exceed the limit");
    co_await b.write("er\n");
    EXPECT_EQ(co_await a.readline(), "er\n");
  });
}

TEST_P(Streams, S1_EndWithoutSeparator) {
  run([]() -> Coro<> {
    auto [a, b] = stream_pair();
    co_await b.write("partial");
    b.close();
    std::string partial;
    try {
      co_await a.readuntil("\n");
    } catch (const IncompleteReadError& e) {
      partial = e.partial();
      EXPECT_EQ(e.expected(), -1);
    }
    EXPECT_EQ(partial, "partial");
    EXPECT_EQ(co_await a.readline(), "");  // the partial was taken
  });
}

TEST_P(Streams, S1_ReadlineGivesALastLineWithoutItsEnd) {
  run([]() -> Coro<> {
    auto [a, b] = stream_pair();
    co_await b.write("one\ntwo");
    b.close();
    EXPECT_EQ(co_await a.readline(), "one\n");
    EXPECT_EQ(co_await a.readline(), "two");
    EXPECT_EQ(co_await a.readline(), "");
  });
}

TEST_P(Streams, S1_ReadExactlyTellsWhatThereWas) {
  run([]() -> Coro<> {
    auto [a, b] = stream_pair();
    co_await b.write("abc");
    b.close();
    std::string partial;
    try {
      co_await a.readexactly(5);
    } catch (const IncompleteReadError& e) {
      partial = e.partial();
      EXPECT_EQ(e.expected(), 5);
    }
    EXPECT_EQ(partial, "abc");
    EXPECT_EQ(co_await a.readexactly(0), "");
  });
}

TEST_P(Streams, S1_RefusesArgumentsWithoutSense) {
  run([]() -> Coro<> {
    auto [a, b] = stream_pair();
    EXPECT_EQ(co_await raised<ValueError>(a.readexactly(-1)), "readexactly size can not be less than zero");
    EXPECT_EQ(co_await raised<ValueError>(a.readuntil("")), "Separator should be at least one-byte string");
  });
}

// --- S2: who reads, and how much is fetched ---

TEST_P(Streams, S2_ReadExactlyGoesBeyondTheLimit) {
  run([]() -> Coro<> {
    auto [a, b] = stream_pair(16);
    const std::string sent = pattern(500'000);
    auto reader = create_task(a.readexactly(500'000));
    co_await b.write(sent);
    const std::string got = co_await reader;
    EXPECT_EQ(got, sent);
  });
}

TEST_P(Streams, S2_ASecondReaderIsRefused) {
  run([]() -> Coro<> {
    auto [a, b] = stream_pair();
    auto first = create_task(a.readline());
    co_await settle();
    EXPECT_EQ(co_await raised<RuntimeError>(a.read(1)),
              "read() called while another coroutine is already waiting for incoming data");
    EXPECT_EQ(co_await raised<RuntimeError>(a.readline()),
              "readline() called while another coroutine is already waiting for incoming data");
    co_await b.write("x\n");
    EXPECT_EQ(co_await first, "x\n");
  });
}

TEST_P(Streams, S2_NobodyReadsSoThePeerIsHeldBack) {
  run([]() -> Coro<> {
    auto [a, b] = stream_pair();
    co_await stuff(b, 100'000);
    co_await settle();
    EXPECT_GE(b.get_write_buffer_size(), 100'000u);
    EXPECT_FALSE(a.at_eof());
    b.abort();
  });
}

// --- S3: writing ---

TEST_P(Streams, S3_WriteGoesOutAtOnce) {
  run([]() -> Coro<> {
    auto [a, b] = stream_pair();
    b.write_nowait("now");
    EXPECT_EQ(b.get_write_buffer_size(), 0u);
    EXPECT_EQ(co_await a.read(10), "now");
  });
}

TEST_P(Streams, S3_WriteWaitsAboveHighUntilLow) {
  run([]() -> Coro<> {
    auto [a, b] = stream_pair();
    co_await stuff(b, 1);
    b.set_write_buffer_limits({.low = 20'000, .high = 200'000});
    co_await b.write("below the limit: at once");
    const std::string large(300'000, 'w');
    auto waiting = create_task(b.write(large));
    co_await settle();
    EXPECT_FALSE(waiting.done());
    std::vector<char> sink(4096);
    while (!waiting.done()) {
      const std::size_t n = co_await a.read_some(sink);
      EXPECT_GT(n, 0u);
    }
    EXPECT_LE(b.get_write_buffer_size(), 20'000u);
    b.abort();
  });
}

TEST_P(Streams, S3_SeveralTasksMayDrain) {
  run([]() -> Coro<> {
    auto [a, b] = stream_pair();
    co_await stuff(b, 100'000);
    b.set_write_buffer_limits({.low = 0, .high = 0});
    auto one = create_task(b.drain());
    auto two = create_task(b.drain());
    auto cancelled = create_task(b.drain());
    co_await settle();
    EXPECT_FALSE(one.done() || two.done());
    cancelled.cancel();
    auto reader = create_task(a.read());
    co_await one;
    co_await two;
    EXPECT_TRUE(cancelled.cancelled());
    b.close();
    co_await reader;
  });
}

TEST_P(Streams, S3_DrainReturnsWhenTheStreamIsAborted) {
  run([]() -> Coro<> {
    auto [a, b] = stream_pair();
    co_await stuff(b, 100'000);
    b.set_write_buffer_limits({.low = 0, .high = 0});
    auto drain = create_task(b.drain());
    co_await settle();
    b.abort();
    co_await drain;
  });
}

TEST_P(Streams, S3_AWriterLearnsThatThePeerIsGone) {
  run([]() -> Coro<> {
    auto [a, b] = stream_pair();
    a.close();
    EXPECT_NE(co_await raised<BrokenPipeError>(b.write("x")), "nothing");
    EXPECT_NE(co_await raised<BrokenPipeError>(b.drain()), "nothing");
    EXPECT_NE(co_await raised<BrokenPipeError>(b.write("x")), "nothing");
    for (int i = 0; i < 3; ++i) b.write_nowait("dropped");
    EXPECT_EQ(b.get_write_buffer_size(), 0u);
    b.close();
    EXPECT_NE(co_await raised<BrokenPipeError>(b.wait_closed()), "nothing");
    co_await b.aclose();  // no error of aclose()
  });
}

TEST_P(Streams, S3_AWaitingWriterLearnsThatThePeerIsGone) {
  run([]() -> Coro<> {
    auto [a, b] = stream_pair();
    co_await stuff(b, 100'000);
    b.set_write_buffer_limits({.low = 0, .high = 0});
    auto drain = create_task(raised<OsError>(b.drain()));
    co_await settle();
    a.close();
    EXPECT_NE(co_await drain, "nothing");
  });
}

TEST_P(Streams, S3_LimitsAreChecked) {
  run([]() -> Coro<> {
    auto [a, b] = stream_pair();
    EXPECT_THROW(a.set_write_buffer_limits({.low = 2, .high = 1}), ValueError);
    EXPECT_EQ(a.get_write_buffer_limits().high, 64u * 1024);
    EXPECT_EQ(a.get_write_buffer_limits().low, 16u * 1024);
    a.set_write_buffer_limits({.low = 0, .high = 0});
    EXPECT_EQ(a.get_write_buffer_limits().high, 0u);
    co_return;
  });
}

TEST_P(Streams, WritesOfSeveralTasksStayWhole) {
  run([]() -> Coro<> {
    auto [a, b] = stream_pair();
    std::vector<std::string> texts;
    for (char c = 'a'; c < 'k'; ++c) texts.push_back(std::string(100'000, c) + "\n");
    std::vector<Task<>> writers;
    for (const std::string& text : texts) writers.push_back(create_task(b.write(text)));
    std::string got;
    for (std::size_t i = 0; i < texts.size(); ++i) got += co_await a.readexactly(100'001);
    std::string all;
    for (const std::string& text : texts) all += text;
    EXPECT_EQ(got, all);
    for (auto& writer : writers) co_await writer;
  });
}

TEST_P(Streams, BothDirectionsCarryMegabytesAtOnce) {
  run([]() -> Coro<> {
    auto [a, b] = stream_pair();
    const std::string sent = pattern(2'000'000);
    const auto send = [&](Stream& s) -> Coro<> {
      for (std::size_t at = 0; at < sent.size(); at += 10'000)
        co_await s.write(std::string_view(sent).substr(at, 10'000));
      s.write_eof();
    };
    auto one = create_task(send(a));
    auto two = create_task(send(b));
    auto from_a = create_task(b.read());
    const std::string from_b = co_await a.read();
    EXPECT_EQ(from_b, sent);
    EXPECT_EQ(co_await from_a, sent);
    co_await one;
    co_await two;
  });
}

// --- S4, S5: the end ---

TEST_P(Streams, S4_WriteEofHalfClosesAfterTheBuffer) {
  run([]() -> Coro<> {
    auto [a, b] = stream_pair();
    co_await stuff(b, 100'000);
    b.write_eof();
    EXPECT_TRUE(b.can_write_eof());
    EXPECT_EQ(co_await raised<RuntimeError>(b.write("x")), "Cannot call write() after write_eof()");
    const std::string got = co_await a.read();
    EXPECT_GE(got.size(), 100'000u);
    co_await a.write("still open");
    EXPECT_EQ(co_await b.read(100), "still open");
  });
}

TEST_P(Streams, S5_CloseSendsWhatIsBuffered) {
  run([]() -> Coro<> {
    auto [a, b] = stream_pair();
    co_await stuff(b, 100'000);
    b.write_nowait("the last");
    b.close();
    EXPECT_TRUE(b.is_closing());
    auto closed = create_task(b.wait_closed());
    co_await settle();
    EXPECT_FALSE(closed.done());
    const std::string got = co_await a.read();
    EXPECT_TRUE(got.ends_with("the last"));
    co_await closed;
  });
}

TEST_P(Streams, S5_AbortDropsWhatIsBuffered) {
  run([]() -> Coro<> {
    auto [a, b] = stream_pair();
    co_await stuff(b, 100'000);
    b.write_nowait("the last");
    b.abort();
    co_await b.wait_closed();
    const std::string got = co_await a.read();
    EXPECT_FALSE(got.ends_with("the last"));
  });
}

TEST_P(Streams, S5_WriteAfterCloseIsDropped) {
  run([]() -> Coro<> {
    auto [a, b] = stream_pair();
    b.close();
    b.close();
    b.write_nowait("dropped");
    EXPECT_NE(co_await raised<ConnectionResetError>(b.write("x")), "nothing");
    EXPECT_NE(co_await raised<ConnectionResetError>(b.drain()), "nothing");
    EXPECT_EQ(co_await a.read(), "");
  });
}

TEST_P(Streams, CloseGivesAWaitingReaderTheEnd) {
  run([]() -> Coro<> {
    auto [a, b] = stream_pair();
    auto reader = create_task(a.read(10));
    co_await settle();
    a.close();
    EXPECT_EQ(co_await reader, "");
    co_await a.wait_closed();
    EXPECT_EQ(co_await a.read(10), "");
    EXPECT_EQ(co_await b.read(10), "");
  });
}

TEST_P(Streams, BytesThatAreBufferedCanBeReadAfterClose) {
  run([]() -> Coro<> {
    auto [a, b] = stream_pair();
    co_await b.write("one\ntwo\n");
    EXPECT_EQ(co_await a.readline(), "one\n");
    co_await a.aclose();
    EXPECT_EQ(co_await a.readline(), "two\n");
    EXPECT_EQ(co_await a.readline(), "");
    EXPECT_TRUE(a.at_eof());
  });
}

TEST_P(Streams, DroppingTheLastHandleClosesAndSendsTheRest) {
  run([]() -> Coro<> {
    auto [a, b] = stream_pair();
    const std::string large = pattern(500'000);
    {
      Stream gone = std::move(b);
      gone.write_nowait(large);
    }
    EXPECT_EQ(co_await a.read(), large);
  });
}

TEST_P(Streams, HalvesLiveOnTheirOwn) {
  run([]() -> Coro<> {
    auto [a, b] = stream_pair();
    auto [reader, writer] = std::move(a).split();
    EXPECT_FALSE(a);
    EXPECT_THROW(a.close(), RuntimeError);
    co_await writer.write("ping");
    EXPECT_EQ(co_await b.read(10), "ping");
    {
      StreamWriter gone = std::move(writer);
    }
    co_await b.write("pong");
    EXPECT_EQ(co_await reader.read(10), "pong");  // the reader keeps the connection
    {
      StreamReader gone = std::move(reader);
    }
    EXPECT_EQ(co_await b.read(10), "");
  });
}

TEST_P(Streams, AReaderMayOutliveItsHandles) {
  run([]() -> Coro<> {
    auto [a, b] = stream_pair();
    auto moved = std::make_unique<Stream>(std::move(a));
    auto reader = create_task(moved->readline());
    co_await settle();
    moved.reset();
    EXPECT_EQ(co_await reader, "");
  });
}

TEST_P(Streams, RunClosesWhatWasLeftOpen) {
  Stream outside;
  run([&]() -> Coro<> {
    auto [a, b] = stream_pair();
    co_await stuff(b, 100'000);
    auto reader = create_task(b.read());
    co_await settle();
    outside = std::move(a);
    auto* leaked = new Stream(std::move(b));
    reader.add_done_callback([leaked] { delete leaked; });
  });
  EXPECT_TRUE(outside.is_closing());
  EXPECT_EQ(outside.get_write_buffer_size(), 0u);
}

// --- Cancellation ---

TEST_P(Streams, ACancelledReadLosesNoByte) {
  run([]() -> Coro<> {
    auto [a, b] = stream_pair();
    auto reader = create_task(a.readexactly(6));
    co_await settle();
    co_await b.write("abc");
    co_await settle();
    reader.cancel();
    EXPECT_NE(co_await raised<CancelledError>(reader), "nothing");
    co_await b.write("def");
    EXPECT_EQ(co_await a.readexactly(6), "abcdef");
  });
}

TEST_P(Streams, AReadThatHadWonDeliversAndTheNextAwaitRaises) {
  run([]() -> Coro<> {
    auto [a, b] = stream_pair();
    for (int i = 0; i < 50; ++i) {
      std::string first;
      bool cancelled = false;
      const auto body = [&]() -> Coro<> {
        try {
          first = co_await a.read(3);
          co_await sleep(1s);
        } catch (const CancelledError&) {
          cancelled = true;
          throw;
        }
      };
      auto reader = create_task(body());
      co_await sleep(0s);
      co_await b.write("abc");
      if (i % 2 == 1) co_await sleep(0s);
      reader.cancel();
      EXPECT_NE(co_await raised<CancelledError>(reader), "nothing");
      EXPECT_TRUE(cancelled);
      if (first.empty()) first = co_await a.read(3);
      EXPECT_EQ(first, "abc");
    }
  });
}

TEST_P(Streams, ACancelledWriteIsSentAsAWhole) {
  run([]() -> Coro<> {
    auto [a, b] = stream_pair();
    const std::string large = pattern(1'000'000);
    auto writer = create_task(b.write(large));
    co_await settle();
    EXPECT_FALSE(writer.done());
    writer.cancel();
    EXPECT_NE(co_await raised<CancelledError>(writer), "nothing");
    EXPECT_EQ(co_await a.readexactly(1'000'000), large);
  });
}

TEST_P(Streams, ATimeoutEndsARead) {
  run([]() -> Coro<> {
    auto [a, b] = stream_pair();
    EXPECT_NE(co_await raised<TimeoutError>(wait_for(a.readline(), 5ms)), "nothing");
    co_await b.write("later\n");
    EXPECT_EQ(co_await a.readline(), "later\n");
  });
}

TEST_P(Streams, AReaderThatIsAlwaysServedLetsOthersRun) {
  run([]() -> Coro<> {
    auto [a, b] = stream_pair();
    co_await stuff(b, 1);
    bool other_ran = false;
    const auto other = [&]() -> Coro<> {
      other_ran = true;
      co_return;
    };
    auto task = create_task(other());
    char buffer[16];
    for (int i = 0; i < 1000 && !other_ran; ++i) co_await a.read_some(buffer);
    EXPECT_TRUE(other_ran);
    co_await task;
    b.abort();
  });
}

// --- Foreign sockets ---

TEST_P(Streams, TakeOverASocket) {
  run([]() -> Coro<> {
    int fds[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);  // blocking
    Stream stream = Stream::from_socket(fds[0]);
    EXPECT_NE(::fcntl(fds[0], F_GETFL) & O_NONBLOCK, 0);
    EXPECT_EQ(::send(fds[1], "hi", 2, 0), 2);
    EXPECT_EQ(co_await stream.read(10), "hi");
    ::close(fds[1]);
  });
}

TEST_P(Streams, RefuseWhatIsNotAStreamSocket) {
  run([]() -> Coro<> {
    int fds[2];
    EXPECT_EQ(::pipe2(fds, O_CLOEXEC), 0);
    EXPECT_THROW(Stream::from_socket(fds[0]), OsError);  // and closes it
    EXPECT_EQ(::fcntl(fds[0], F_GETFD), -1);
    ::close(fds[1]);
    EXPECT_THROW(Stream::from_socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)), OsError);
    co_return;
  });
}

TEST(Stream, DefaultMadeIsEmptyAndRefusesUse) {
  Stream stream;
  EXPECT_FALSE(stream);
  EXPECT_THROW(stream.close(), RuntimeError);
  EXPECT_THROW(stream_pair(), RuntimeError);  // no running loop
}

}  // namespace
}  // namespace tarn
