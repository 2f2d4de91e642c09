// SPDX-License-Identifier: BSL-1.0
// A served folder, on both Ports: what it gives, and that nothing outside of it can be had.
#include <tarn/http/http_fixture.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace tarn::http {
namespace {

namespace fs = std::filesystem;

class StaticFolder : public HttpTest {
 protected:
  void SetUp() override {
    HttpTest::SetUp();
    std::string pattern = (fs::temp_directory_path() / "tarn_static_XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    base_ = pattern;
    fs::create_directories(base_ / "www/sub");
    write("secret.txt", "secret");
    write("www/index.html", "<h1>index</h1>");
    write("www/a b.txt", "with a space");
    write("www/\xE4\xBD\xA0.txt", "ni");
    write("www/empty", "");
    write("www/big.bin", std::string(1'000'000, 'b'));
    write("www/sub/index.html", "sub");
    fs::create_directories(base_ / "www/bare");
    fs::create_symlink("../secret.txt", base_ / "www/link.txt");
    fs::create_symlink("index.html", base_ / "www/inside.html");
  }
  void TearDown() override {
    HttpTest::TearDown();
    if (!base_.empty()) fs::remove_all(base_);
  }
  void write(const char* name, const std::string& text) const { std::ofstream(base_ / name) << text; }
  std::string root() const { return (base_ / "www").string(); }

  fs::path base_;
};
TARN_ON_BOTH_PORTS(StaticFolder);

Server serving(const std::string& root) {
  Router router;
  router.add_static("/static", root, {.cache_control = "max-age=60"});
  return Server(std::move(router));
}

Coro<std::string> fetch(std::uint16_t port, std::string path, std::string fields = "", std::string method = "GET") {
  std::string answer =
      co_await talk(port, method + " " + path + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + fields + "\r\n");
  co_return answer;
}

TEST_P(StaticFolder, GivesItsFiles) {
  const std::string folder = root();
  run([&folder]() -> Coro<> {
    Server server = serving(folder);
    co_await server.start("127.0.0.1", 0);
    const std::uint16_t port = server.port();
    std::string answer = co_await fetch(port, "/static/index.html");
    EXPECT_EQ(status_of(answer), 200);
    EXPECT_EQ(body_of(answer), "<h1>index</h1>");
    for (const char* field :
         {"Content-Type: text/html; charset=utf-8", "Content-Length: 14", "Cache-Control: max-age=60",
          "Last-Modified: ", "ETag: \"", "X-Content-Type-Options: nosniff"})
      EXPECT_NE(answer.find(std::string("\r\n") + field), std::string::npos) << field << " in " << answer;
    struct {
      const char* path;
      const char* body;
    } const cases[] = {{"/static/a%20b.txt", "with a space"},
                       {"/static/%E4%BD%A0.txt", "ni"},
                       {"/static/empty", ""},
                       {"/static/", "<h1>index</h1>"},
                       {"/static/sub/", "sub"},
                       {"/static/inside.html", "<h1>index</h1>"},
                       {"/static/index.html?x=../..", "<h1>index</h1>"}};
    for (const auto& c : cases) {
      answer = co_await fetch(port, c.path);
      EXPECT_EQ(status_of(answer), 200) << c.path;
      EXPECT_EQ(body_of(answer), c.body) << c.path;
    }
    answer = co_await fetch(port, "/static/big.bin");
    EXPECT_EQ(body_of(answer), std::string(1'000'000, 'b'));
    answer = co_await fetch(port, "/static/big.bin", "", "HEAD");
    EXPECT_NE(answer.find("\r\nContent-Length: 1000000\r\n"), std::string::npos) << answer;
    EXPECT_EQ(body_of(answer), "");
    answer = co_await fetch(port, "/static/sub?q=1");
    EXPECT_EQ(status_of(answer), 301);
    EXPECT_NE(answer.find("\r\nLocation: /static/sub/?q=1\r\n"), std::string::npos) << answer;
    co_await server.close();
  });
}

TEST_P(StaticFolder, GivesNothingElse) {
  const std::string folder = root();
  run([&folder]() -> Coro<> {
    Server server = serving(folder);
    co_await server.start("127.0.0.1", 0);
    for (const char* path : {"/static/../secret.txt",
                             "/static/%2e%2e/secret.txt",
                             "/static/..%2fsecret.txt",
                             "/static/%2e%2e%2fsecret.txt",
                             "/static/sub/../../secret.txt",
                             "/static/sub/..%2f..%2fsecret.txt",
                             "/static/./index.html",
                             "/static//index.html",
                             "/static/link.txt",
                             "/static/%2fetc/passwd",
                             "/static//etc/passwd",
                             "/static/index.html%00.png",
                             "/static/%00",
                             "/static/missing",
                             "/static/index.html/",
                             "/static/..%5csecret.txt",
                             "/static/bare/",
                             "/static/..",
                             "/static/%2e%2e",
                             "/static/sub%2findex.html",
                             "/static",
                             "/secret.txt"}) {
      const std::string answer = co_await fetch(server.port(), path);
      EXPECT_EQ(status_of(answer), 404) << path << "\n" << answer;
      EXPECT_EQ(answer.find("secret"), std::string::npos) << path;
    }
    const std::string answer = co_await fetch(server.port(), "/static/index.html", "Content-Length: 0\r\n", "POST");
    EXPECT_EQ(status_of(answer), 405);
    co_await server.close();
  });
}

TEST_P(StaticFolder, AClientThatGoesLeavesNothingBehind) {
  const std::string folder = root();
  run([&folder]() -> Coro<> {
    Router router;
    router.add_static("/static", folder);
    Server server(std::move(router), ServerOptions{.shutdown_timeout = Duration::seconds(0)});
    co_await server.start("127.0.0.1", 0);
    for (int i = 0; i < 20; ++i) {
      Stream stream = co_await open_connection("127.0.0.1", server.port());
      co_await stream.write("GET /static/big.bin HTTP/1.1\r\nHost: a\r\n\r\n");
      if (i % 2 == 0) co_await settle();
      stream.abort();
    }
    Stream last = co_await open_connection("127.0.0.1", server.port());
    co_await last.write("GET /static/big.bin HTTP/1.1\r\nHost: a\r\n\r\n");
    co_await sleep(0s);
    co_await server.close();  // cancels while a thread may be reading
  });
}

TEST_P(StaticFolder, SendsNothingThatIsKnown) {
  const std::string folder = root();
  run([&folder]() -> Coro<> {
    Server server = serving(folder);
    co_await server.start("127.0.0.1", 0);
    const std::uint16_t port = server.port();
    std::string answer = co_await fetch(port, "/static/index.html");
    const auto field = [&answer](const std::string& name) {
      const std::size_t begin = answer.find("\r\n" + name + ": ") + name.size() + 4;
      return answer.substr(begin, answer.find("\r\n", begin) - begin);
    };
    const std::string modified = field("Last-Modified");
    const std::string tag = field("ETag");
    struct {
      std::string fields;
      int status;
    } const cases[] = {
        {"If-Modified-Since: " + modified + "\r\n", 304},
        {"If-Modified-Since: Sun, 06 Nov 2044 08:49:37 GMT\r\n", 304},
        {"If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n", 200},
        {"If-Modified-Since: yesterday\r\n", 200},
        {"If-None-Match: " + tag + "\r\n", 304},
        {"If-None-Match: \"x\", W/" + tag + "\r\n", 304},
        {"If-None-Match: *\r\n", 304},
        // RFC 9110 13.1.3: If-Modified-Since doesn't count beside If-None-Match.
        {"If-None-Match: \"x\"\r\nIf-Modified-Since: " + modified + "\r\n", 200},
    };
    for (const auto& c : cases) {
      answer = co_await fetch(port, "/static/index.html", c.fields);
      EXPECT_EQ(status_of(answer), c.status) << c.fields;
      if (c.status == 304) {
        EXPECT_EQ(body_of(answer), "") << c.fields;
      }
    }
    co_await server.close();
  });
}

}  // namespace
}  // namespace tarn::http
