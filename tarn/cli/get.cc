// SPDX-License-Identifier: BSL-1.0
#include <tarn/cli/get.h>

#include <tarn/cli/partial_file.h>
#include <tarn/cli/progress.h>
#include <tarn/http/http.h>
#include <tarn/os/terminal.h>
#include <tarn/tarn.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <set>

namespace tarn::cli {

namespace {

constexpr std::ptrdiff_t chunk_bytes = 64 * 1024;
constexpr Duration redraw_interval = Duration::seconds(0.1);
constexpr Duration first_retry_delay = Duration::seconds(0.2);  // doubled each time

/// One download: where from, where to, and what became of it.
struct Download {
  Url url;
  std::string path;
  std::string error;
};

/// What a run of the command shares among its workers.
struct Work {
  const GetOptions& options;
  http::ClientSession& session;
  std::vector<Download> downloads = {};
  std::vector<Transfer> transfers = {};  // as the downloads, for the bars
  std::size_t next = 0;
  bool bars = false;
};

std::optional<std::uint64_t> content_length(const http::Response& response) {
  const auto text = response.headers.get("content-length");
  if (!text) return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return value;
}

Coro<> receive(http::Response& response, PartialFile* file, Transfer& transfer) {
  for (;;) {
    const std::string chunk = co_await response.content.read(chunk_bytes);
    if (chunk.empty()) co_return;
    if (file) file->write(chunk);
    transfer.bytes += chunk.size();
  }
}

/// One try. What it throws says what went wrong.
Coro<> download_once(Work& work, std::size_t i) {
  Transfer& transfer = work.transfers[i];
  transfer.bytes = 0;
  transfer.size.reset();
  http::Response response = co_await work.session.get(work.downloads[i].url.str());
  if (!response.ok())
    throw http::ClientResponseError(std::to_string(response.status) + " " + response.reason, response.status);
  transfer.size = content_length(response);
  if (work.options.discard) {
    co_await receive(response, nullptr, transfer);
  } else {
    PartialFile file(work.downloads[i].path);
    co_await receive(response, &file, transfer);
    file.keep();
  }
}

/// Why a try failed, and whether another one may succeed.
struct Failure {
  std::string text;
  bool may_pass = false;
};

Coro<std::optional<Failure>> attempt(Work& work, std::size_t i) {
  try {
    co_await wait_for(download_once(work, i), Duration::seconds(work.options.timeout));
    co_return std::nullopt;
  } catch (const http::ClientResponseError& error) {
    co_return Failure{error.what(), error.status() >= 500};
  } catch (const http::ClientError& error) {
    co_return Failure{error.what(), true};
  } catch (const TimeoutError&) {
    co_return Failure{"no end after " + std::to_string(static_cast<int>(work.options.timeout)) + " s", true};
  } catch (const std::exception& error) {  // the file: no space, no permission
    co_return Failure{error.what(), false};
  }
}

Coro<> download(Work& work, std::size_t i) {
  Transfer& transfer = work.transfers[i];
  EventLoop& loop = get_running_loop();
  transfer.state = Transfer::State::running;
  transfer.began = loop.time();
  std::optional<Failure> failure = co_await attempt(work, i);
  Duration delay = first_retry_delay;
  for (unsigned retry = 0; failure && failure->may_pass && retry < work.options.retries; ++retry) {
    co_await sleep(delay);
    delay = delay * 2;
    failure = co_await attempt(work, i);
  }
  transfer.ended = loop.time();
  transfer.state = failure ? Transfer::State::failed : Transfer::State::done;
  if (failure) work.downloads[i].error = failure->text;
}

Coro<> worker(Work& work) {
  while (work.next < work.downloads.size()) {
    const std::size_t i = work.next++;
    co_await download(work, i);
    if (work.bars || work.options.quiet || work.options.json) continue;
    const Transfer& t = work.transfers[i];
    if (t.state == Transfer::State::done)
      std::printf("%s  %s  %.4f s\n", t.name.c_str(), readable_size(static_cast<double>(t.bytes)).c_str(),
                  (t.ended - t.began).seconds());
  }
}

Coro<> redraw(Work& work, ProgressBars& bars, Duration began) {
  for (;;) {
    bars.draw(work.transfers, began, get_running_loop().time());
    co_await sleep(redraw_interval);
  }
}

Coro<> run_workers(Work& work) {
  const std::size_t jobs = std::min<std::size_t>(work.options.jobs, work.downloads.size());
  co_await with(TaskGroup(), [&](TaskGroup& group) -> Coro<> {
    for (std::size_t i = 0; i < jobs; ++i) group.create_task(worker(work));
    co_return;
  });
}

std::string json_text(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) {
      out += c;
      continue;
    }
    char escape[8];
    std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(static_cast<unsigned char>(c)));
    out += escape;
  }
  return out + '"';
}

void print_json(const Work& work, double seconds) {
  std::printf("{\"seconds\": %.6f, \"files\": [", seconds);
  for (std::size_t i = 0; i < work.downloads.size(); ++i) {
    const Download& d = work.downloads[i];
    const Transfer& t = work.transfers[i];
    std::printf("%s\n  {\"url\": %s, \"file\": %s, \"bytes\": %llu, \"seconds\": %.6f, \"error\": %s}", i ? "," : "",
                json_text(d.url.str()).c_str(), work.options.discard ? "null" : json_text(d.path).c_str(),
                static_cast<unsigned long long>(t.bytes), (t.ended - t.began).seconds(),
                d.error.empty() ? "null" : json_text(d.error).c_str());
  }
  std::printf("\n]}\n");
}

/// Prints what there is to say at the end; the exit status.
int conclude(const Work& work, double seconds) {
  std::uint64_t bytes = 0;
  std::size_t done = 0;
  for (std::size_t i = 0; i < work.downloads.size(); ++i) {
    bytes += work.transfers[i].bytes;
    done += work.transfers[i].state == Transfer::State::done ? 1 : 0;
    if (!work.downloads[i].error.empty())
      std::fprintf(stderr, "tarn get: %s: %s\n", work.downloads[i].url.str().c_str(), work.downloads[i].error.c_str());
  }
  if (work.options.json)
    print_json(work, seconds);
  else if (!work.options.quiet)
    std::printf("%zu of %zu files, %s in %.4f s\n", done, work.downloads.size(),
                readable_size(static_cast<double>(bytes)).c_str(), seconds);
  return done == work.downloads.size() ? 0 : 1;
}

Coro<int> get_all(const GetOptions& options, std::vector<Download> downloads) {
  http::ClientSession session;
  Work work{.options = options, .session = session, .downloads = std::move(downloads)};
  for (const Download& d : work.downloads)
    work.transfers.push_back({.name = std::filesystem::path(d.path).filename().string()});
  work.bars = !options.quiet && is_terminal(StandardStream::error);
  ProgressBars bars(stderr, terminal_columns(StandardStream::error));
  const Duration began = get_running_loop().time();
  std::optional<Task<>> drawing;
  if (work.bars) drawing = create_task(redraw(work, bars, began));
  auto close = [&]() -> Coro<> {
    if (drawing) drawing->cancel();
    co_await session.close();
  };
  co_await try_finally(run_workers(work), close);
  const Duration ended = get_running_loop().time();
  if (work.bars) bars.draw(work.transfers, began, ended);
  co_return conclude(work, (ended - began).seconds());
}

std::vector<Download> plan(const GetOptions& options) {
  if (!options.output.empty() && options.urls.size() > 1)
    throw ValueError("--output names one file, but there are " + std::to_string(options.urls.size()) + " URLs");
  std::vector<Download> downloads = {};
  std::set<std::string> names;
  for (const std::string& text : options.urls) {
    Url url = Url::parse(text);
    std::string name = options.output.empty() ? url.file_name() : options.output;
    if (name.empty()) name = "index.html";
    const std::string first = name;
    for (int n = 2; !names.insert(name).second; ++n) name = first + "-" + std::to_string(n);
    std::string path = options.output.empty() ? (std::filesystem::path(options.directory) / name).string() : name;
    downloads.push_back({.url = std::move(url), .path = std::move(path), .error = {}});
  }
  return downloads;
}

}  // namespace

int get(const GetOptions& options) {
  std::vector<Download> downloads = plan(options);
  if (!options.discard && options.output.empty()) std::filesystem::create_directories(options.directory);
  return run(get_all(options, std::move(downloads)));
}

}  // namespace tarn::cli
