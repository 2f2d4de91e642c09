// SPDX-License-Identifier: BSL-1.0
// Feeds the HTTP/1 machine what libFuzzer thinks of, whole and cut, and compares the verdicts. What a crash leaves
// behind goes into fuzz/corpus/http1, which the wire tests replay.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <tarn/wire/http1_testing.h>

using tarn::wire::Role;
using tarn::wire::testing::Play;
using tarn::wire::testing::record;

namespace {

// A few bytes are enough to reach every limit.
Play play_of(unsigned choice) {
  Play play;
  play.role = (choice & 1) != 0 ? Role::client : Role::server;
  play.upgrade = (choice & 2) != 0;
  if ((choice & 4) != 0) play.method = (choice & 8) != 0 ? "CONNECT" : "HEAD";
  play.eof = (choice & 16) == 0;
  if ((choice & 32) != 0) {
    play.limits.start_line_bytes_max = 40;
    play.limits.field_line_bytes_max = 40;
    play.limits.head_bytes_max = 100;
    play.limits.fields_max = 4;
    play.limits.chunk_line_bytes_max = 12;
    play.limits.chunk_extension_bytes_max = 16;
    play.limits.trailer_bytes_max = 40;
    play.limits.interim_responses_max = 2;
    play.limits.body_bytes_max = 20;
  }
  return play;
}

void compare(const std::string& whole, const std::string& cut) {
  if (whole == cut) return;
  std::fprintf(stderr, "the verdict depends on the cut\n--- whole:\n%s\n--- cut:\n%s\n", whole.c_str(), cut.c_str());
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  // What the bytes mean must not depend on a prefix, or the corpus couldn't be real messages: the choice is a hash.
  unsigned choice = 2166136261U;
  for (std::size_t i = size > 8 ? size - 8 : 0; i < size; ++i) choice = (choice ^ data[i]) * 16777619U;
  if (size > 4 && input.substr(0, 4) == "HTTP") choice |= 1;
  const Play play = play_of(choice >> 8);
  const std::string whole = record(play, {input});
  std::vector<std::string_view> bytes;
  for (std::size_t i = 0; i < size; ++i) bytes.push_back(input.substr(i, 1));
  compare(whole, record(play, bytes));
  const std::size_t cut = size > 0 ? choice % size : 0;
  compare(whole, record(play, {input.substr(0, cut), input.substr(cut)}));
  return 0;
}
