// SPDX-License-Identifier: BSL-1.0
#include <tarn/core/gather.h>

namespace tarn::internal {

void GatherBase::listen() {
  left_ = nodes.size();
  if (left_ == 0) return become(Fate::value);
  refs += static_cast<std::uint32_t>(left_);  // each child's node keeps this alive
  for (auto& node : nodes) {
    node.gather = this;
    node.run = [](Ready* r, bool drop) {
      auto* const self = static_cast<Node*>(r);
      GatherBase* const gather = self->gather;
      if (!drop) gather->child_done(self->child);
      gather->drop();
    };
    node.child->tell(&node);
  }
}

void GatherBase::child_done(FutureBase* child) {
  --left_;
  if (done()) {
    child->flags |= retrieved;  // asyncio loses the errors after the first, too
    return;
  }
  if (!keep_ && child->fate != Fate::value) {
    child->flags |= retrieved;
    error = child->table->error(child);
    // A cancelled child counts as one that raised CancelledError: the gather itself is not cancelled().
    return become(Fate::error);
  }
  if (left_ > 0) return;
  if (cancel_reason_) {
    error = cancel_reason_;
    return become(Fate::error);
  }
  become(Fate::value);
}

bool GatherBase::cancel(FutureBase* f, const std::exception_ptr& reason) {
  auto* const g = static_cast<GatherBase*>(f);
  g->flags |= retrieved * static_cast<std::uint8_t>(g->done());
  if (g->done()) return false;
  g->flags |= marked;  // a child that awaits this gather, by whatever way, notices
  bool any = false;
  for (auto& node : g->nodes) any = node.child->table->cancel(node.child, reason) || any;
  g->flags &= static_cast<std::uint8_t>(~marked);
  // If no child can be cancelled, they are all done, and so is this, one iteration later.
  if (any) g->cancel_reason_ = reason;
  return any;
}

}  // namespace tarn::internal
