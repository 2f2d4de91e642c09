// SPDX-License-Identifier: BSL-1.0
// ServerConnection: one connection of a Server, from its first byte to its last. One task runs serve().
#pragma once
#include <tarn/core/task.h>
#include <tarn/http/internal/connection.h>
#include <tarn/http/server.h>

namespace tarn::http::internal {

class RequestSource;

/// What a connection needs of its server.
class ServerContext {
 public:
  virtual Coro<Response> answer(Request& request) = 0;
  virtual const ServerOptions& options() const noexcept = 0;
  /// The Date field's value, now.
  virtual const std::string& date() = 0;
  virtual bool closing() const noexcept = 0;

 protected:
  ~ServerContext() = default;
};

class ServerConnection final : public Connection {
 public:
  ServerConnection(ServerContext& server, Deadlines& deadlines, Stream stream);
  ~ServerConnection() override;

  /// Answers requests until the connection ends. Errors: none but what must leave a task.
  Coro<> serve();
  /// Ends it as soon as nothing is lost by that: at once if it waits for a request.
  void close_gracefully();
  /// Ends it now.
  void cancel();

  // The server's list.
  ServerConnection* older = nullptr;
  ServerConnection* newer = nullptr;

 private:
  friend class RequestSource;

  Coro<bool> serve_one();
  Coro<bool> next_head();
  Coro<Response> call_handler(Request& request);
  Coro<> send(const Request& request, Response& response);
  Coro<> send_body(Body& body);
  void begin_response(const Request& request, Response& response);
  Coro<bool> finish_cycle();
  Coro<bool> skip_body();
  Coro<> refuse(const wire::ProtocolError& error);
  Coro<> linger();
  void log_access(const Request& request, std::uint16_t status) const;

  ServerContext& server_;
  AnyTask task_;
  std::string remote_;
  wire::RequestHead* head_ = nullptr;
  RequestSource* source_ = nullptr;  // the body of the request under way
  bool idle_ = true;                 // between requests
  bool first_ = true;                // no request was answered yet
};

}  // namespace tarn::http::internal
