// SPDX-License-Identifier: BSL-1.0
#include <tarn/http/router.h>

#include <map>
#include <memory>
#include <vector>

#include <tarn/base/utf8.h>
#include <tarn/http/errors.h>
#include <tarn/http/internal/static_files.h>

namespace tarn::http {

namespace {

struct Route {
  std::string method;
  std::vector<std::string> names;  // of the pattern's parameters, in order
  Handler handler;
};

// How many segments a path may have: matching recurses once for each.
constexpr std::size_t segments_max = 256;

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> segments;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    segments.push_back(path.substr(0, path.find('/')));
    path.remove_prefix(segments.back().size());
  }
  return segments;
}

}  // namespace

// A place in the tree of paths: what may follow it, and who answers here.
struct Router::Node {
  std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
  std::unique_ptr<Node> parameter;
  std::unique_ptr<Node> rest;
  std::vector<Route> routes;

  Route* route(std::string_view method) {
    for (Route& r : routes)
      if (r.method == method) return &r;
    return nullptr;
  }
};

namespace {

using Values = std::vector<std::string>;

// The node that a path leads to, the most literal first; `values` gets what its parameters stand for.
Router::Node* match(Router::Node& node, const Values& segments, std::size_t at, Values& values) {
  if (at == segments.size()) return node.routes.empty() ? nullptr : &node;
  if (const auto literal = node.literals.find(segments[at]); literal != node.literals.end())
    if (Router::Node* found = match(*literal->second, segments, at + 1, values)) return found;
  const std::size_t depth = values.size();
  if (node.parameter && !segments[at].empty()) {
    values.push_back(segments[at]);
    if (Router::Node* found = match(*node.parameter, segments, at + 1, values)) return found;
    values.resize(depth);
  }
  if (!node.rest) return nullptr;
  std::string rest;
  for (std::size_t i = at; i < segments.size(); ++i) {
    // An encoded slash couldn't be told from a separator any more.
    if (segments[i].find('/') != std::string::npos) return nullptr;
    rest.append(i == at ? "" : "/").append(segments[i]);
  }
  values.push_back(std::move(rest));
  return node.rest.get();
}

std::string allowed_methods(const Router::Node& node) {
  std::string allow;
  bool get = false;
  bool head = false;
  for (const Route& route : node.routes) {
    allow.append(allow.empty() ? "" : ", ").append(route.method);
    get = get || route.method == "GET";
    head = head || route.method == "HEAD";
  }
  return get && !head ? allow + ", HEAD" : allow;
}

Response not_allowed(const Router::Node& node) {
  Response response = Response::text("405: Method Not Allowed", 405);
  response.headers.add("Allow", allowed_methods(node));
  return response;
}

}  // namespace

Router::Router() : root_(new Node) {}
Router::~Router() { delete root_; }

Router& Router::add(std::string_view method, std::string_view pattern, Handler handler) {
  const auto refuse = [pattern](const std::string& why) {
    throw ValueError("route '" + std::string(pattern) + "': " + why);
  };
  if (!pattern.starts_with('/')) refuse("a path begins with '/'");
  Route route{std::string(method), {}, std::move(handler)};
  Node* node = root_;
  const std::vector<std::string_view> segments = split(pattern);
  if (segments.size() > segments_max) refuse("too many segments");
  for (std::size_t i = 0; i < segments.size(); ++i) {
    std::string_view segment = segments[i];
    if (node == nullptr) break;
    if (!segment.starts_with('{') || !segment.ends_with('}')) {
      if (segment.find_first_of("{}") != std::string_view::npos) refuse("'{name}' must be a whole segment");
      std::unique_ptr<Node>& next = node->literals[percent_decode(segment)];
      if (!next) next = std::make_unique<Node>();
      node = next.get();
      continue;
    }
    std::string_view name = segment.substr(1, segment.size() - 2);
    const bool rest = name.ends_with("...");
    if (rest) name.remove_suffix(3);
    if (rest && i + 1 < segments.size()) refuse("'{name...}' must be the last segment");
    if (name.empty() || name.find_first_of("{}:") != std::string_view::npos) refuse("a malformed '{name}'");
    for (const std::string& other : route.names)
      if (other == name) refuse("'" + other + "' twice");
    route.names.emplace_back(name);
    std::unique_ptr<Node>& next = rest ? node->rest : node->parameter;
    if (!next) next = std::make_unique<Node>();
    node = next.get();
  }
  if (node->route(method)) refuse("there is a route for " + std::string(method) + " already");
  node->routes.push_back(std::move(route));
  return *this;
}

Router& Router::add_static(std::string_view prefix, std::string directory, StaticOptions options) {
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  return add("GET", std::string(prefix) + "/{path...}", internal::serve_directory(std::move(directory), options));
}

Coro<Response> Router::handle(Request& request) {
  const std::vector<std::string_view> raw = split(request.path().starts_with('/') ? request.path() : "");
  if (raw.size() > segments_max) throw HttpError(414);
  Values segments(raw.size());
  for (std::size_t i = 0; i < raw.size(); ++i)
    if (!try_percent_decode(raw[i], segments[i]) || !is_utf8(segments[i]))
      throw HttpError(400, "the path is not percent-encoded UTF-8");
  Values values;
  Node* const node = match(*root_, segments, 0, values);
  if (node == nullptr) throw HttpError(404);
  Route* route = node->route(request.method);
  if (route == nullptr && request.method == "HEAD") route = node->route("GET");
  if (route == nullptr) return internal::ready(not_allowed(*node));
  std::vector<std::pair<std::string, std::string>> info;
  for (std::size_t i = 0; i < values.size(); ++i) info.emplace_back(route->names[i], std::move(values[i]));
  request.set_match_info(std::move(info));
  return route->handler(request);
}

}  // namespace tarn::http
