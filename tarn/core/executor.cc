// SPDX-License-Identifier: BSL-1.0
#include <tarn/core/executor.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

namespace tarn {

// What the threads share with the pool. They hold it too, so that a thread that never ends may outlive the pool.
//
// Each idle thread waits on a condition of its own, and the one that waits shortest is called first: its stack is still
// in the cache. One condition for all loses a call now and then up to glibc 2.40, and the job waits for ever
// (https://sourceware.org/bugzilla/show_bug.cgi?id=25847, which needs two waiters).
class ThreadPool::Crew {
 public:
  explicit Crew(unsigned max_workers) : max_workers_(max_workers) {}

  void execute(internal::Job* job, const std::shared_ptr<Crew>& self) {
    std::unique_lock lock(mutex_);
    if (closed_) {
      lock.unlock();
      job->discard();
      throw RuntimeError("cannot schedule new futures after shutdown");
    }
    job->next = nullptr;
    *tail_ = job;
    tail_ = &job->next;
    if (idle_) {
      call_idle();
    } else if (threads_.size() < max_workers_) {
      threads_.emplace_back([self] { self->work(); });
      ++alive_;
    }
  }

  void shutdown(Shutdown how) {
    internal::Job* dropped = nullptr;
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
      if (how == Shutdown::cancel_queued) {
        dropped = std::exchange(head_, nullptr);
        tail_ = &head_;
      }
      while (idle_) call_idle();
    }
    while (dropped) {
      internal::Job* const job = dropped;
      dropped = job->next;
      job->discard();
    }
  }

  bool join(OptionalDuration timeout) {
    std::unique_lock lock(mutex_);
    const auto all_ended = [this] { return alive_ == 0 || abandoned_; };
    if (!timeout) {
      worker_ended_.wait(lock, all_ended);
    } else if (!worker_ended_.wait_for(lock, std::chrono::nanoseconds(*timeout), all_ended)) {
      for (auto& thread : threads_) thread.detach();
      threads_.clear();
      abandoned_ = true;
      return false;
    }
    std::vector<std::thread> ended;
    ended.swap(threads_);
    lock.unlock();
    for (auto& thread : ended) thread.join();
    return true;
  }

  unsigned workers() const {
    const std::lock_guard lock(mutex_);
    return static_cast<unsigned>(threads_.size());
  }

  std::shared_ptr<Crew> keep_alive;  // the pool's own share

 private:
  struct Idle {
    std::condition_variable called_now;
    bool called = false;
    Idle* longer = nullptr;  // the one that has waited longer
  };

  /// Under the mutex, without which the thread can't take its Idle away.
  void call_idle() {
    Idle* const idle = std::exchange(idle_, idle_->longer);
    idle->called = true;
    idle->called_now.notify_one();
  }

  void work() {
    Idle self;
    std::unique_lock lock(mutex_);
    for (;;) {
      while (!head_ && !closed_) {
        self.called = false;
        self.longer = std::exchange(idle_, &self);
        self.called_now.wait(lock, [&] { return self.called; });
      }
      if (!head_) break;
      internal::Job* const job = head_;
      head_ = job->next;
      if (!head_) tail_ = &head_;
      lock.unlock();
      job->run();
      lock.lock();
    }
    --alive_;
    worker_ended_.notify_all();
  }

  mutable std::mutex mutex_;
  std::condition_variable worker_ended_;
  internal::Job* head_ = nullptr;
  internal::Job** tail_ = &head_;
  Idle* idle_ = nullptr;
  std::size_t alive_ = 0;
  bool closed_ = false;
  bool abandoned_ = false;  // a job didn't end in time: its thread is left to itself
  const unsigned max_workers_;
  std::vector<std::thread> threads_;
};

namespace {
unsigned default_workers() { return std::min(32U, std::thread::hardware_concurrency() + 4); }
}  // namespace

ThreadPool::ThreadPool(ThreadPoolOptions options) {
  auto crew = std::make_shared<Crew>(options.max_workers ? options.max_workers : default_workers());
  crew_ = crew.get();
  crew_->keep_alive = std::move(crew);
}

ThreadPool::~ThreadPool() {
  crew_->shutdown(Shutdown::run_queued);
  crew_->join({});
  const std::shared_ptr<Crew> last = std::move(crew_->keep_alive);
}

void ThreadPool::execute(internal::Job* job) { crew_->execute(job, crew_->keep_alive); }
void ThreadPool::shutdown(Shutdown how) { crew_->shutdown(how); }
bool ThreadPool::join_for(Duration timeout) {
  crew_->shutdown(Shutdown::run_queued);
  return crew_->join(timeout);
}
unsigned ThreadPool::workers() const { return crew_->workers(); }

}  // namespace tarn
