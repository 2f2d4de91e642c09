// SPDX-License-Identifier: BSL-1.0
#include <tarn/http/body.h>

#include <algorithm>
#include <cstring>

namespace tarn::http {
namespace {

// Runs a producer for a reader: everything is gathered. Only a body that is read where it was made comes here.
class Collector final : public BodyWriter {
 public:
  explicit Collector(std::string& into) : into_(into) {}
  Coro<> write(std::string_view data) override {
    into_ += data;
    co_return;
  }

 private:
  std::string& into_;
};

// What a reader without a limit gathers at once is reserved up to this; a peer's Content-Length is only a claim.
constexpr std::uint64_t reserve_max = 1024 * 1024;

}  // namespace

Body::Body(Body&& other) noexcept
    : bytes_(std::move(other.bytes_)),
      pending_(std::exchange(other.pending_, {})),
      source_(std::exchange(other.source_, nullptr)),
      producer_(std::move(other.producer_)),
      taken_(std::exchange(other.taken_, 0)),
      kind_(std::exchange(other.kind_, Kind::none)) {
  other.bytes_.clear();
}

Body& Body::operator=(Body&& other) noexcept {
  if (this == &other) return *this;
  delete source_;
  bytes_ = std::move(other.bytes_);
  other.bytes_.clear();
  pending_ = std::exchange(other.pending_, {});
  source_ = std::exchange(other.source_, nullptr);
  producer_ = std::move(other.producer_);
  taken_ = std::exchange(other.taken_, 0);
  kind_ = std::exchange(other.kind_, Kind::none);
  return *this;
}

std::optional<std::uint64_t> Body::size() const {
  if (kind_ == Kind::source) return source_->size();
  if (kind_ == Kind::producer) return std::nullopt;
  return bytes_.size();
}

Coro<> Body::collect() {
  Collector collector(bytes_);
  Producer producer = std::move(producer_);
  kind_ = Kind::bytes;
  co_await producer(collector);
}

std::string_view Body::take(std::size_t n) noexcept {
  std::string_view& rest = pending_;
  const std::string_view piece = rest.substr(0, n);
  rest.remove_prefix(piece.size());
  return piece;
}

Coro<std::string_view> Body::next_chunk() {
  if (!pending_.empty()) co_return take(pending_.size());
  if (kind_ == Kind::source) co_return co_await source_->next_chunk();
  if (kind_ == Kind::producer) co_await collect();
  const std::string_view rest = std::string_view(bytes_).substr(taken_);
  taken_ = bytes_.size();
  co_return rest;
}

Coro<std::optional<std::string>> Body::next() {
  const std::string_view piece = co_await next_chunk();
  if (piece.empty()) co_return std::nullopt;
  co_return std::string(piece);
}

Coro<std::size_t> Body::read_some(std::span<char> into) {
  if (into.empty()) co_return 0;
  if (pending_.empty()) pending_ = co_await next_chunk();
  const std::string_view piece = take(into.size());
  if (!piece.empty()) std::memcpy(into.data(), piece.data(), piece.size());
  co_return piece.size();
}

Coro<std::string> Body::read(std::ptrdiff_t n) {
  std::string out;
  if (n >= 0) {
    if (n > 0 && pending_.empty()) pending_ = co_await next_chunk();
    out = take(static_cast<std::size_t>(n));
    co_return out;
  }
  if (kind_ == Kind::bytes && taken_ == 0 && pending_.empty()) {  // the common case: no copy
    taken_ = 0;
    kind_ = Kind::none;
    out = std::move(bytes_);
    bytes_.clear();
    co_return out;
  }
  if (const auto known = size()) out.reserve(static_cast<std::size_t>(std::min(*known, reserve_max)));
  for (;;) {
    const std::string_view piece = co_await next_chunk();
    if (piece.empty()) co_return out;
    out += piece;
  }
}

}  // namespace tarn::http
