// SPDX-License-Identifier: BSL-1.0
// The command `tarn`: reads its arguments, and says what went wrong in one line.
#include <tarn/base/errors.h>
#include <tarn/cli/get.h>
#include <tarn/cli/serve.h>

#include <CLI/CLI.hpp>
#include <cstdio>

namespace {

constexpr int interrupted = 130;  // as a shell reports SIGINT

void describe_get(CLI::App& command, tarn::cli::GetOptions& options) {
  command.add_option("URL", options.urls, "what to download")->required();
  command.add_option("-d,--directory", options.directory, "where the files go")->capture_default_str();
  command.add_option("-o,--output", options.output, "the file's name (one URL only)");
  command.add_option("-j,--jobs", options.jobs, "downloads at once; 1: one after the other")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  command.add_option("--retry", options.retries, "further tries after a failure that may pass")->capture_default_str();
  command.add_option("--timeout", options.timeout, "seconds for each try")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command.add_flag("--discard", options.discard, "read and throw away: to try a server");
  command.add_flag("--json", options.json, "print a report as JSON on the standard output");
  command.add_flag("-q,--quiet", options.quiet, "errors only");
}

void describe_serve(CLI::App& command, tarn::cli::ServeOptions& options) {
  command.add_option("DIR", options.directory, "the folder to serve")->capture_default_str();
  command.add_option("--host", options.host, "the address to listen on")->capture_default_str();
  command.add_option("-p,--port", options.port, "the port; 0: any free one")->capture_default_str();
  command.add_option("--delay", options.delay, "seconds that every file waits: a slow server to try things with")
      ->check(CLI::NonNegativeNumber);
  command.add_flag("--hello", options.hello, "the tutorial's routes, too: / and /hello/{name}, half a second each");
  command.add_flag("-q,--quiet", options.quiet, "no line for each request");
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("tarn: asyncio for C++, at the command line");
  app.set_version_flag("--version", TARN_VERSION);
  app.require_subcommand(1);
  tarn::cli::GetOptions get_options;
  tarn::cli::ServeOptions serve_options;
  CLI::App* const get = app.add_subcommand("get", "download files, several at once, with progress bars");
  describe_get(*get, get_options);
  CLI::App* const serve = app.add_subcommand("serve", "serve a folder over HTTP");
  describe_serve(*serve, serve_options);
  CLI11_PARSE(app, argc, argv);
  try {
    return get->parsed() ? tarn::cli::get(get_options) : tarn::cli::serve(serve_options);
  } catch (const tarn::KeyboardInterrupt&) {
    return interrupted;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tarn %s: %s\n", get->parsed() ? "get" : "serve", error.what());
    return 2;
  }
}
