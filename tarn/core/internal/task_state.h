// SPDX-License-Identifier: BSL-1.0
// The states behind Future and Task handles, and the protocol by which a task suspends, wakes and is cancelled.
//
// A suspended task knows its innermost awaiter, the leaf: suspending is two stores. cancel() goes straight to that
// leaf. Three flags say what is owed to a task:
//   deliver  the leaf was cancelled: its await raises CancelledError when the task runs next
//   must     cancel() found no leaf: the next await that resumes raises; a return before that ends the task cancelled
//   owed     cancel() came after a kernel operation had won: the result was delivered, the next await that suspends
//            raises, and a return before that stands
#pragma once
#include <tarn/core/internal/loop_state.h>
#include <tarn/core/internal/pool.h>
#include <tarn/core/outcome.h>

namespace tarn::internal {

struct FutureBase;

/// The innermost awaiter of a suspended task; lives in the awaiting frame.
struct Leaf {
  /// Asks for an early end. True: the task will be woken, with CancelledError or what the leaf makes of it.
  bool (*cancel)(Leaf*, const std::exception_ptr& reason) = nullptr;
};

struct FutureTable {
  void (*destroy)(FutureBase*) noexcept;
  bool (*cancel)(FutureBase*, const std::exception_ptr& reason);
  std::exception_ptr (*error)(const FutureBase*);
  /// Tasks: take the result out of the finished root coroutine, destroy its frame, tell the waiters.
  void (*finish)(TaskBase*);
  /// Tasks: the loop closes and the frame is gone; become cancelled.
  void (*abandon)(TaskBase*) noexcept;
  const char* kind;  ///< "Task", "Future", "gather"; the first word of reports
};

/// What Future, Task and gather() share. Single-threaded, as the loop is.
struct FutureBase {
  static constexpr std::uint8_t deliver = 1;
  static constexpr std::uint8_t must = 2;
  static constexpr std::uint8_t owed = 4;
  static constexpr std::uint8_t finished = 8;  ///< the root coroutine has reached its end
  static constexpr std::uint8_t retrieved = 16;
  static constexpr std::uint8_t started = 32;
  static constexpr std::uint8_t has_callbacks = 64;  ///< DoneCallbacks may be among the waiters
  static constexpr std::uint8_t marked = 128;        ///< for the length of one call

  const FutureTable* table;
  LoopState* loop;
  Ready* waiters = nullptr;       ///< told in the order of registration
  Ready** last_waiter = nullptr;  ///< valid while there are waiters
  std::uint32_t refs = 1;
  Fate fate = Fate::pending;
  std::uint8_t flags = 0;
  std::uint16_t cancels = 0;  ///< cancelling()

  FutureBase(const FutureTable* t, LoopState* l) : table(t), loop(l) { ++l->owners; }
  FutureBase(const FutureBase&) = delete;
  FutureBase& operator=(const FutureBase&) = delete;
  ~FutureBase() {
    if (waiters) [[unlikely]]
      drop_waiters();
    loop->release();
  }

  bool done() const { return fate != Fate::pending; }
  void drop() {
    if (--refs == 0) table->destroy(this);
  }
  /// `node` becomes ready when this is done; at once if it is.
  void tell(Ready* node) {
    if (!done()) return enlist(node);
    if (loop->closed) [[unlikely]]
      return node->run(node, true);
    loop->ready.push(node);
  }
  void enlist(Ready* node) {
    node->next = nullptr;
    if (!waiters)
      waiters = node;
    else
      *last_waiter = node;
    last_waiter = &node->next;
  }
  /// Forgets a node that has not become ready. Linear in the number of waiters.
  void untell(Ready* node) {
    for (Ready** p = &waiters; *p; p = &(*p)->next) {
      if (*p != node) continue;
      *p = node->next;
      if (!*p) last_waiter = p;
      return;
    }
  }
  void become(Fate f) {
    fate = f;
    if (!waiters) return;
    if (flags & has_callbacks) [[unlikely]]
      hold_for_callbacks();
    if (loop->closed) [[unlikely]]
      return drop_waiters();  // nothing runs any more
    loop->ready.push_chain(waiters, last_waiter);
    waiters = nullptr;
  }
  /// From now on each scheduled callback keeps this alive.
  void hold_for_callbacks() noexcept;
  /// Frees the callbacks of a future that will never be done.
  void drop_waiters() noexcept;
  /// "Future exception was never retrieved" and its kin.
  void report_never_retrieved() noexcept;
};

/// A done callback. It keeps its future alive only once that is done: a pending future that nobody can set any more is
/// freed, and its callbacks with it.
struct DoneCallbackBase : Ready {
  void (*act)(DoneCallbackBase*, bool drop) = nullptr;
  DoneCallbackBase() { run = &fire; }
  static void fire(Ready* node, bool drop) {
    auto* const self = static_cast<DoneCallbackBase*>(node);
    self->act(self, drop);
  }
};

/// What few tasks need.
struct TaskExtras {
  std::string name;
  std::exception_ptr reason;  ///< the CancelledError to raise, if it isn't the plain one
};

/// Unnamed tasks are numbered process-wide, by threads that take a block of numbers each.
inline constexpr std::uint64_t task_number_block = 1024;
/// The first number of a new block.
std::uint64_t more_task_numbers() noexcept;
inline std::uint64_t next_task_number() noexcept {
  std::uint64_t number = hot.task_number;
  if (number % task_number_block == 0) [[unlikely]]
    number = more_task_numbers();
  hot.task_number = number + 1;
  return number;
}

struct TaskBase : Ready, FutureBase {
  std::coroutine_handle<> leaf;  ///< what to resume; the root once finished
  Leaf* waiter = nullptr;        ///< nullptr while running or ready
  TaskBase* older = nullptr;
  TaskBase* newer = nullptr;
  std::source_location where;  ///< where create_task was called
  std::uint64_t number;        ///< of "Task-7"; 0: the name is in extras
  TaskExtras* extras = nullptr;

  TaskBase(const FutureTable* t, LoopState* l, std::coroutine_handle<> root, std::source_location at)
      : FutureBase(t, l), leaf(root), older(l->newest_task), where(at), number(next_task_number()) {
    (older ? older->newer : l->oldest_task) = this;
    l->newest_task = this;
    ++l->tasks_alive;
  }
  ~TaskBase() {
    if (extras) [[unlikely]]
      drop_extras();
  }

  TaskExtras& extra() {
    if (!extras) extras = new TaskExtras;
    return *extras;
  }
  void unlink() {
    (older ? older->newer : loop->oldest_task) = newer;
    (newer ? newer->older : loop->newest_task) = older;
    --loop->tasks_alive;
  }

  // -- an awaiter's side
  void suspend(Leaf* l, std::coroutine_handle<> h) {
    waiter = l;
    leaf = h;
  }
  void wake() {
    waiter = nullptr;
    loop->ready.push(this);
  }
  /// Wakes with CancelledError.
  void wake_cancelled(const std::exception_ptr& reason) {
    set_reason(reason);
    flags |= deliver;
    wake();
  }
  /// Every leaf's await_resume begins with this.
  void check() {
    if (flags & (deliver | must)) [[unlikely]]
      raise_cancelled();
  }
  [[noreturn]] void raise_cancelled();
  void set_reason(const std::exception_ptr& reason);
  std::exception_ptr take_reason();

  // -- a handle's side
  bool cancel(const std::exception_ptr& reason);
  int uncancel();
  std::string name() const;

  /// This task and those it awaits await each other: it stops waiting, and raises.
  bool break_cycle(struct FutureWait* wait, const std::exception_ptr& reason);

  // -- the loop's side
  static void step(Ready* node, bool drop);
  static void resume(std::coroutine_handle<> h);
  /// After a step: the end, or a cancellation that waited for the next suspension.
  void settle();
  void raise_if_it_leaves_the_loop(const std::exception_ptr& error);

 private:
  void drop_extras() noexcept;
};

template <class T>
struct FutureState;
template <class T>
struct TaskState;

template <class S>
std::exception_ptr state_error(const FutureBase* f) {
  auto* const s = static_cast<const S*>(f);
  return s->fate == Fate::error || s->fate == Fate::cancelled ? s->outcome.error() : nullptr;
}

template <class T>
struct FutureState final : FutureBase, Pooled {
  using Value = Unvoid<T>;
  Outcome<Value> outcome;

  explicit FutureState(LoopState* l) : FutureBase(&table_of, l) {}
  template <class... A>
  void set(A&&... a) {
    outcome.set(std::forward<A>(a)...);
    become(Fate::value);
  }
  void fail(std::exception_ptr error, Fate f = Fate::error) {
    outcome.fail(std::move(error), f);
    become(f);
  }
  static bool cancel(FutureBase* f, const std::exception_ptr& reason) {
    auto* const s = static_cast<FutureState*>(f);
    s->flags |= retrieved;
    if (s->done()) return false;
    s->fail(reason, Fate::cancelled);
    return true;
  }
  static void destroy(FutureBase* f) noexcept {
    auto* const s = static_cast<FutureState*>(f);
    if (s->fate == Fate::error && !(s->flags & retrieved)) [[unlikely]]
      s->report_never_retrieved();
    delete s;
  }
  static constexpr FutureTable table_of{&destroy, &cancel, &state_error<FutureState>, nullptr, nullptr, "Future"};
};

/// The awaiter of anything with a FutureBase. It stands in the awaiting frame and in the future's list of waiters, and
/// keeps the future alive meanwhile.
struct FutureWait : Ready, Leaf {
  FutureBase* future;
  TaskBase* task = nullptr;  ///< who waits; nullptr unless suspended

  explicit FutureWait(FutureBase* f) : future(f) { ++f->refs; }
  /// Before it suspends only. g++ 12 moves awaiters into the frame.
  FutureWait(FutureWait&& other) noexcept : Ready(), Leaf(), future(other.future) { ++future->refs; }
  FutureWait& operator=(FutureWait&&) = delete;
  ~FutureWait() {
    if (task) [[unlikely]]
      future->untell(this);  // the frame is destroyed while it waits
    future->drop();
  }
  bool await_ready() const noexcept { return future->done(); }
  void await_suspend(std::coroutine_handle<> h) {
    TaskBase* const self = hot.current;
    if (static_cast<FutureBase*>(self) == future || future->loop != self->loop) [[unlikely]]
      refuse();
    task = self;
    cancel = &cancel_future;
    run = &wake_task;
    self->suspend(this, h);
    future->enlist(this);
  }
  /// await_resume begins with this: an await that didn't suspend raises no cancellation, as in asyncio.
  void check() const {
    if (cancel) hot.current->check();
  }
  /// Errors: RuntimeError for awaiting oneself or a future of another loop.
  [[noreturn]] void refuse() const;
  static bool cancel_future(Leaf* l, const std::exception_ptr& reason) {
    auto* const w = static_cast<FutureWait*>(l);
    return w->future->table->cancel(w->future, reason);
  }
  static void wake_task(Ready* r, bool drop) {
    auto* const w = static_cast<FutureWait*>(r);
    if (drop) return;
    TaskBase* const waking = std::exchange(w->task, nullptr);
    waking->waiter = nullptr;
    TaskBase::step(waking, false);
  }
};

/// Awaits an awaiter that has a name and can't move: `co_await InPlace(leaf)`.
template <class L>
class InPlace {
 public:
  explicit InPlace(L& leaf) : leaf_(&leaf) {}
  bool await_ready() { return leaf_->await_ready(); }
  decltype(auto) await_suspend(std::coroutine_handle<> h) { return leaf_->await_suspend(h); }
  decltype(auto) await_resume() { return leaf_->await_resume(); }

 private:
  L* leaf_;
};

}  // namespace tarn::internal
