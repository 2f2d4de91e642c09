// SPDX-License-Identifier: BSL-1.0
// floor TEST N: the same tests on the least that C++20 coroutines need: the yardstick for micro.cc.
//
// It has pooled frames, symmetric transfer, a FIFO of handles, a heap of timers and a mailbox. It has no cancellation,
// no exceptions, no names, no way to list tasks, no fairness towards a kernel; a task is its coroutine's frame, and one
// waiter at most may await it. What tarn costs above this is what those things cost.
#include <algorithm>
#include <condition_variable>
#include <coroutine>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "meter.h"

namespace {

using Handle = std::coroutine_handle<>;

// -- frames: a free list per size class ------------------------------------------------------------------------------

struct Block {
  Block* next;
};
constexpr std::size_t granule = 32;
constexpr std::size_t largest = 1024;
constinit Block* free_blocks[largest / granule + 1] = {};

struct PooledFrame {
  static void* operator new(std::size_t size) {
    if (size > largest) return std::malloc(size);
    const std::size_t size_class = (size + granule - 1) / granule;
    Block* const block = free_blocks[size_class];
    if (!block) return std::malloc(size_class * granule);
    free_blocks[size_class] = block->next;
    return block;
  }
  static void operator delete(void* p, std::size_t size) {
    if (size > largest) return std::free(p);
    const std::size_t size_class = (size + granule - 1) / granule;
    auto* const block = static_cast<Block*>(p);
    block->next = free_blocks[size_class];
    free_blocks[size_class] = block;
  }
};

// -- the loop --------------------------------------------------------------------------------------------------------

class Ring {
 public:
  bool empty() const { return first_ == last_; }
  std::size_t size() const { return last_ - first_; }
  void push(Handle h) {
    if (size() == slots_.size()) grow();
    slots_[last_++ & (slots_.size() - 1)] = h;
  }
  Handle pop() { return slots_[first_++ & (slots_.size() - 1)]; }

 private:
  void grow() {
    std::vector<Handle> wider(slots_.size() * 2);
    const std::size_t n = size();
    for (std::size_t i = 0; i < n; ++i) wider[i] = slots_[(first_ + i) & (slots_.size() - 1)];
    slots_.swap(wider);
    first_ = 0;
    last_ = n;
  }
  std::vector<Handle> slots_ = std::vector<Handle>(1024);
  std::size_t first_ = 0;
  std::size_t last_ = 0;
};

std::int64_t now_ns() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1'000'000'000ll + t.tv_nsec;
}

struct Timer {
  std::int64_t when;
  Handle sleeper;
  static bool later(const Timer& a, const Timer& b) { return a.when > b.when; }
};

struct Loop {
  Ring ready;
  std::vector<Timer> timers;
  std::mutex mutex;
  std::condition_variable mail_came;
  std::vector<Handle> mail;
  bool has_mail = false;  // read without the mutex, as a hint

  void run(const bool& done) {
    while (!done) {
      for (std::size_t n = ready.size(); n > 0; --n) ready.pop().resume();
      if (!timers.empty()) release_timers(now_ns());
      if (__atomic_load_n(&has_mail, __ATOMIC_RELAXED) || (ready.empty() && !done)) collect_mail();
    }
  }
  void set_timer(std::int64_t when, Handle sleeper) {
    timers.push_back({when, sleeper});
    std::push_heap(timers.begin(), timers.end(), Timer::later);
  }
  void post(Handle h) {
    const std::lock_guard lock(mutex);
    mail.push_back(h);
    if (__atomic_exchange_n(&has_mail, true, __ATOMIC_RELAXED)) return;
    mail_came.notify_one();
  }

 private:
  void release_timers(std::int64_t now) {
    while (!timers.empty() && timers.front().when <= now) {
      ready.push(timers.front().sleeper);
      std::pop_heap(timers.begin(), timers.end(), Timer::later);
      timers.pop_back();
    }
  }
  void collect_mail() {
    std::unique_lock lock(mutex);
    const auto arrived = [this] { return has_mail; };
    if (ready.empty() && timers.empty())
      mail_came.wait(lock, arrived);
    else if (ready.empty())
      mail_came.wait_for(lock, std::chrono::nanoseconds(timers.front().when - now_ns()), arrived);
    for (const Handle h : mail) ready.push(h);
    mail.clear();
    __atomic_store_n(&has_mail, false, __ATOMIC_RELAXED);
  }
} loop;

// -- coroutines and tasks --------------------------------------------------------------------------------------------

// Awaited in place, the awaiter goes on by symmetric transfer. As a task, the waiter becomes ready and runs in its
// turn, as asyncio has it.
struct PromiseBase : PooledFrame {
  Handle waiter;
  bool task = false;
  bool done = false;

  struct Final {
    bool await_ready() const noexcept { return false; }
    template <class P>
    Handle await_suspend(std::coroutine_handle<P> h) const noexcept {
      PromiseBase& self = h.promise();
      if (!self.task) return self.waiter;
      self.done = true;
      if (self.waiter) loop.ready.push(self.waiter);
      return std::noop_coroutine();
    }
    void await_resume() const noexcept {}
  };
  std::suspend_always initial_suspend() noexcept { return {}; }
  Final final_suspend() noexcept { return {}; }
  void unhandled_exception() { std::abort(); }
};

class Coro {
 public:
  struct promise_type : PromiseBase {
    int value = 0;
    Coro get_return_object() { return Coro(std::coroutine_handle<promise_type>::from_promise(*this)); }
    void return_value(int v) { value = v; }
  };
  explicit Coro(std::coroutine_handle<promise_type> h) : handle_(h) {}
  Coro(Coro&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Coro& operator=(Coro&&) = delete;
  ~Coro() {
    if (handle_) handle_.destroy();
  }
  std::coroutine_handle<promise_type> release() { return std::exchange(handle_, {}); }

  bool await_ready() const { return false; }
  Handle await_suspend(Handle waiter) const {
    handle_.promise().waiter = waiter;
    return handle_;
  }
  int await_resume() const { return handle_.promise().value; }

 private:
  std::coroutine_handle<promise_type> handle_;
};

class Task {
 public:
  explicit Task(Coro coro) : handle_(coro.release()) {
    handle_.promise().task = true;
    loop.ready.push(handle_);
  }
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }
  bool done() const { return handle_.promise().done; }
  bool await_ready() const { return done(); }
  void await_suspend(Handle waiter) const { handle_.promise().waiter = waiter; }
  int await_resume() const { return handle_.promise().value; }

 private:
  std::coroutine_handle<Coro::promise_type> handle_;
};

struct Yield {
  bool await_ready() const { return false; }
  void await_suspend(Handle h) const { loop.ready.push(h); }
  void await_resume() const {}
};
struct Sleep {
  double seconds;
  bool await_ready() const { return false; }
  void await_suspend(Handle h) const { loop.set_timer(now_ns() + static_cast<std::int64_t>(seconds * 1e9), h); }
  void await_resume() const {}
};

// -- the tests, as in micro.cc ---------------------------------------------------------------------------------------

constexpr long gathered = 10'000;
constexpr int depth = 10;

[[gnu::noinline]] Coro noop() { co_return 1; }

Coro spawn(long n) {
  for (long i = 0; i < n; ++i) bench::keep(co_await Task(noop()));
  co_return 0;
}

Coro yield_times(long n) {
  for (long i = 0; i < n; ++i) co_await Yield{};
  co_return 0;
}
Coro yield(long n) {
  Task other(yield_times(n / 2));
  co_await yield_times(n - n / 2);
  co_return co_await other;
}

[[gnu::noinline]] Coro nest(int levels) {
  if (levels == 1) co_return 1;
  const int below = co_await nest(levels - 1);
  co_return below + 1;
}
Coro nested(long n) {
  for (long i = 0; i < n; i += depth) bench::keep(co_await nest(depth));
  co_return 0;
}

Coro leaf(long n) {
  for (long i = 0; i < n; ++i) bench::keep(co_await noop());
  co_return 0;
}

Coro gather(long n) {
  for (long left = n; left > 0; left -= gathered) {
    const long count = left < gathered ? left : gathered;
    std::vector<Coro> all;
    all.reserve(static_cast<std::size_t>(count));
    for (long i = 0; i < count; ++i) all.push_back(noop());
    std::vector<Task> tasks;
    tasks.reserve(all.size());
    for (auto& coro : all) tasks.emplace_back(std::move(coro));
    std::vector<int> values;
    values.reserve(tasks.size());
    for (auto& task : tasks) values.push_back(co_await task);
    bench::keep(values);
  }
  co_return 0;
}

struct Queue {
  static constexpr unsigned limit = 128;
  long items[limit];
  unsigned first = 0;
  unsigned last = 0;
  Handle getter;
  Handle putter;
};
struct Put {
  Queue& queue;
  bool await_ready() const { return queue.last - queue.first < Queue::limit; }
  void await_suspend(Handle h) const { queue.putter = h; }
  void await_resume() const {}
};
struct Get {
  Queue& queue;
  bool await_ready() const { return queue.last != queue.first; }
  void await_suspend(Handle h) const { queue.getter = h; }
  void await_resume() const {}
};
Coro produce(Queue& queue, long n) {
  for (long i = 0; i < n; ++i) {
    co_await Put{queue};
    queue.items[queue.last++ % Queue::limit] = i;
    if (queue.getter) loop.ready.push(std::exchange(queue.getter, {}));
  }
  co_return 0;
}
Coro queue(long n) {
  Queue items;
  Task producer(produce(items, n));
  long sum = 0;
  for (long i = 0; i < n; ++i) {
    co_await Get{items};
    sum += items.items[items.first++ % Queue::limit];
    if (items.putter) loop.ready.push(std::exchange(items.putter, {}));
  }
  bench::keep(sum);
  co_return co_await producer;
}

Coro sleep_for(double seconds) {
  co_await Sleep{seconds};
  co_return 0;
}
Coro sleep(long n) {
  bench::Random random;
  std::vector<Task> tasks;
  tasks.reserve(static_cast<std::size_t>(n));
  for (long i = 0; i < n; ++i) tasks.emplace_back(sleep_for(random.next()));
  for (auto& task : tasks) co_await task;
  co_return 0;
}

// A message is a coroutine that ends by itself: the bare loop knows nothing else.
struct Message {
  struct promise_type {  // made on the poster's thread, so not from the loop's pool
    Message get_return_object() { return {Handle(std::coroutine_handle<promise_type>::from_promise(*this))}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::abort(); }
  };
  Handle handle;
};
struct Arrivals {
  long expected;
  long arrived = 0;
  Handle waiter = {};
};
Message arrive(Arrivals& arrivals) {
  if (++arrivals.arrived == arrivals.expected) loop.ready.push(arrivals.waiter);
  co_return;
}
struct AllArrived {
  Arrivals& arrivals;
  bool await_ready() const { return false; }
  void await_suspend(Handle h) const { arrivals.waiter = h; }
  void await_resume() const {}
};
Coro post(long n) {
  Arrivals arrivals{n};
  std::thread poster([&] {
    for (long i = 0; i < n; ++i) loop.post(arrive(arrivals).handle);
  });
  co_await AllArrived{arrivals};
  poster.join();
  co_return 0;
}

// One worker thread, one job at a time; the job is to come back.
struct Worker {
  std::mutex mutex;
  std::condition_variable changed;
  Handle job;
  bool ends = false;
  std::thread thread{[this] { work(); }};

  ~Worker() {
    give({}, true);
    thread.join();
  }
  void give(Handle h, bool last = false) {
    const std::lock_guard lock(mutex);
    job = h;
    ends = last;
    changed.notify_one();
  }
  void work() {
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [this] { return job || ends; });
      if (ends) return;
      loop.post(std::exchange(job, {}));
    }
  }
};
struct RoundTrip {
  Worker& worker;
  bool await_ready() const { return false; }
  void await_suspend(Handle h) const { worker.give(h); }
  void await_resume() const {}
};
Coro pool(long n) {
  Worker worker;
  for (long i = 0; i < n; ++i) co_await RoundTrip{worker};
  co_return 0;
}

struct Test {
  const char* name;
  Coro (*run)(long n);
};
constexpr Test tests[] = {{"spawn", spawn}, {"yield", yield}, {"nested", nested}, {"leaf", leaf}, {"gather", gather},
                          {"queue", queue}, {"sleep", sleep}, {"post", post},     {"pool", pool}};

Coro measure(Test test, bench::Request request, bool& done) {
  bench::Meter meter;
  if (const long few = bench::warm_up_size(request)) co_await test.run(few);
  meter.start();
  co_await test.run(request.n);
  meter.stop(request);
  done = true;
  co_return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const bench::Request request = bench::parse(argc, argv);
  for (const Test& test : tests) {
    if (std::strcmp(test.name, request.test) != 0) continue;
    bool done = false;
    const Task whole(measure(test, request, done));
    loop.run(done);
    return 0;
  }
  bench::refuse(request.test, "spawn yield nested leaf gather queue sleep post pool");
}
