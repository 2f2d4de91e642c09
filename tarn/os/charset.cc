// SPDX-License-Identifier: BSL-1.0
#include <tarn/os/charset.h>

#include <iconv.h>

#include <array>
#include <cerrno>

#include <tarn/base/errors.h>
#include <tarn/base/utf8.h>

namespace tarn {
namespace {

struct Converter {
  explicit Converter(const std::string& from) : handle(iconv_open("UTF-8", from.c_str())) {
    // (iconv_t)-1, as the manual page has it.
    if (handle == reinterpret_cast<iconv_t>(-1)) throw ValueError("unknown charset '" + from + "'");
  }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;
  ~Converter() { iconv_close(handle); }
  iconv_t handle;
};

}  // namespace

std::string to_utf8(std::string_view text, const std::string& charset) {
  if (charset.empty() || charset == "utf-8" || charset == "UTF-8" || charset == "utf8") {
    // Python's text() drops a byte order mark no more than this does.
    if (!is_utf8(text)) throw ValueError("the text is not UTF-8");
    return std::string(text);
  }
  // "//TRANSLIT" and the like are glibc's, not the peer's to ask for.
  if (charset.find_first_of("/\\") != std::string::npos) throw ValueError("unknown charset '" + charset + "'");
  const Converter converter(charset);
  std::string out;
  std::array<char, 4096> piece;
  char* in = const_cast<char*>(text.data());  // iconv's signature; it doesn't write there
  std::size_t in_left = text.size();
  while (in_left > 0) {
    char* to = piece.data();
    std::size_t room = piece.size();
    const std::size_t rc = iconv(converter.handle, &in, &in_left, &to, &room);
    const int error = errno;
    out.append(piece.data(), piece.size() - room);
    if (rc == static_cast<std::size_t>(-1) && error != E2BIG) throw ValueError("the text is not " + charset);
  }
  return out;
}

}  // namespace tarn
