// SPDX-License-Identifier: BSL-1.0
#include <tarn/http/internal/static_files.h>

#include <algorithm>
#include <memory>

#include <tarn/core/threads.h>
#include <tarn/http/errors.h>
#include <tarn/http/internal/content_type.h>
#include <tarn/http/internal/date.h>
#include <tarn/os/rooted_file.h>

namespace tarn::http::internal {
namespace {

// A file up to this size is read in the same thread call that opens it.
constexpr std::uint64_t inline_bytes_max = 64 * 1024;
// A larger one is read in pieces of this size, each a thread call.
constexpr std::size_t piece_bytes = 256 * 1024;

// What a thread found: a file, and its content if that is small.
struct Found {
  std::optional<RootedFile> file;
  std::string bytes;
  bool whole = false;  // `bytes` is all of it
};

Found open_file(const Directory& directory, const std::string& path, bool read) {
  Found found;
  found.file = directory.open(path);
  if (!read || !found.file || found.file->is_directory() || found.file->size() > inline_bytes_max) return found;
  found.bytes.resize(static_cast<std::size_t>(found.file->size()));
  std::size_t got = 0;
  while (got < found.bytes.size()) {
    const std::size_t n = found.file->read_at(got, std::span<char>(found.bytes).subspan(got));
    if (n == 0) break;  // it has become shorter
    got += n;
  }
  found.bytes.resize(got);
  found.whole = true;
  return found;
}

// A large file, piece by piece. It ends early if the file becomes shorter; whoever sends it notices.
class FileSource final : public BodySource {
 public:
  explicit FileSource(RootedFile file) : reading_(std::make_shared<Reading>()), size_(file.size()) {
    reading_->file = std::move(file);
  }
  std::optional<std::uint64_t> size() const override { return size_; }
  Coro<std::string_view> next_chunk() override {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(piece_bytes, size_ - offset_));
    if (wanted == 0) co_return std::string_view();
    auto read = [reading = reading_, offset = offset_, wanted] {
      reading->piece.resize(wanted);
      return reading->file.read_at(offset, reading->piece);
    };
    const std::size_t n = co_await to_thread(read);
    offset_ += n;
    co_return std::string_view(reading_->piece).substr(0, n);
  }

 private:
  // A thread that reads goes on when the task that waits for it is cancelled: it owns what it touches.
  struct Reading {
    RootedFile file;
    std::string piece;
  };
  std::shared_ptr<Reading> reading_;
  std::uint64_t size_;
  std::uint64_t offset_ = 0;
};

// RFC 9110 8.8.3: changes whenever the content does, as far as the file system tells.
std::string entity_tag(const RootedFile& file) {
  return "\"" + std::to_string(file.modified()) + "-" + std::to_string(file.size()) + "\"";
}

// RFC 9110 13.2.2: If-None-Match is looked at first, and instead.
bool is_unchanged(const Request& request, const RootedFile& file, const std::string& tag) {
  if (const auto known = request.headers.get("If-None-Match")) {
    if (*known == "*") return true;
    return wire::has_token(*known, tag) || wire::has_token(*known, "W/" + tag);
  }
  std::int64_t since = 0;
  const auto date = request.headers.get("If-Modified-Since");
  return date && parse_date(*date, since) && file.modified() <= since;
}

// Whether a decoded path has only ordinary names in it; the kernel has the last word on where it leads.
bool is_plain(std::string_view path) noexcept {
  if (path.find('\0') != std::string_view::npos) return false;
  for (;;) {
    const std::string_view name = path.substr(0, path.find('/'));
    if (name.empty() || name == "." || name == "..") return false;
    if (name.size() == path.size()) return true;
    path.remove_prefix(name.size() + 1);
  }
}

class StaticFiles {
 public:
  StaticFiles(const std::string& directory, StaticOptions options)
      : directory_(std::make_shared<const Directory>(directory)),
        index_(options.index),
        cache_control_(options.cache_control) {}

  Coro<Response> serve(Request& request) const {
    std::string path = request.match_info("path");
    const bool folder = path.empty() || path.ends_with('/');
    if (folder) path += index_;
    if (!is_plain(path)) throw HttpError(404);
    const bool read = request.method != "HEAD";
    // By value: the thread goes on when this task is cancelled.
    auto open = [directory = directory_, path, read] { return open_file(*directory, path, read); };
    Found found = co_await to_thread(open);
    if (!found.file) throw HttpError(404);
    if (found.file->is_directory()) {
      if (folder || index_.empty()) throw HttpError(404);
      // Relative links in the index need the slash.
      const std::string_view query = request.query_string();
      co_return Response::redirect(std::string(request.path()) + "/" + (query.empty() ? "" : "?" + std::string(query)),
                                   301);
    }
    co_return respond(request, path, std::move(found));
  }

 private:
  Response respond(const Request& request, std::string_view path, Found found) const {
    Response response;
    const std::string tag = entity_tag(*found.file);
    response.headers.add("Last-Modified", format_date(found.file->modified()));
    response.headers.add("ETag", tag);
    if (!cache_control_.empty()) response.headers.add("Cache-Control", cache_control_);
    if (is_unchanged(request, *found.file, tag)) {
      response.status = 304;
      return response;
    }
    response.headers.add("Content-Type", type_by_name(path));
    // A browser that guesses at types can be made to run what was uploaded as text.
    response.headers.add("X-Content-Type-Options", "nosniff");
    if (request.method == "HEAD")
      response.headers.add("Content-Length", std::to_string(found.file->size()));
    else if (found.whole)
      response.content = Body(std::move(found.bytes));
    else
      response.content = Body(new FileSource(std::move(*found.file)));
    return response;
  }

  std::shared_ptr<const Directory> directory_;
  std::string index_;
  std::string cache_control_;
};

}  // namespace

Handler serve_directory(std::string directory, StaticOptions options) {
  StaticFiles* files = nullptr;
  try {
    files = new StaticFiles(directory, options);
  } catch (const OsError& error) {
    throw ValueError(std::string("add_static: ") + error.what());
  }
  // The Function owns it; the coroutine that serve() gives looks into it, and the router outlives its requests.
  struct Owner {
    explicit Owner(StaticFiles* f) : files(f) {}
    Owner(Owner&& other) noexcept : files(std::exchange(other.files, nullptr)) {}
    Owner& operator=(Owner&&) = delete;
    ~Owner() { delete files; }
    Coro<Response> operator()(Request& request) const { return files->serve(request); }
    StaticFiles* files;
  };
  return Handler(Owner(files));
}

}  // namespace tarn::http::internal
