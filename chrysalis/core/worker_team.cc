#include "chrysalis/core/worker_team.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "chrysalis/core/check.h"

namespace chrysalis {
namespace {

// Signals are for the threads of whoever made the team, which may have handlers that expect to run there.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

}  // namespace

// The threads of one process, and the loop that they share.
struct WorkerTeam::Crew {
  struct alignas(64) Cursor {
    std::atomic<int> next = 0;  // The first item of a worker's part that nobody has taken.
  };

  explicit Crew(int workers) : cursors(static_cast<std::size_t>(workers)) {
    const SignalsBlocked blocked;
    try {
      for (int worker = 1; worker < workers; ++worker)
        threads.emplace_back([this, worker] { serve(worker); });
    } catch (...) {  // The system has no thread left: those that are there would wait for ever.
      end();
      throw;
    }
  }

  ~Crew() { end(); }

  void end() {
    {
      const std::lock_guard lock(mutex);
      ending = true;
    }
    begun.notify_all();
  }

  void serve(int worker) {
    for (std::uint64_t seen = 0;; ++seen) {
      {
        std::unique_lock lock(mutex);
        begun.wait(lock, [&] { return ending || round != seen; });
        if (ending) return;
      }
      work(worker);
      const std::lock_guard lock(mutex);
      if (--working == 0) ended.notify_one();
    }
  }

  int first_of(int part) const {
    return static_cast<int>(std::int64_t{count} * part / static_cast<std::int64_t>(cursors.size()));
  }

  // Its own part, then what is left of the others'.
  void work(int worker) {
    const int parts = static_cast<int>(cursors.size());
    for (int i = 0; i < parts; ++i) {
      const int part = (worker + i) % parts;
      const int end = first_of(part + 1);
      std::atomic<int>& next = cursors[static_cast<std::size_t>(part)].next;
      for (int item = next++; item < end; item = next++) call(body, item, worker);
    }
  }

  void run(int items, Call function, void* argument) {
    {
      // No thread is at work, so none reads what is written here before it has seen the round.
      const std::lock_guard lock(mutex);
      count = items;
      call = function;
      body = argument;
      for (int part = 0; part < static_cast<int>(cursors.size()); ++part)
        cursors[static_cast<std::size_t>(part)].next = first_of(part);
      working = static_cast<int>(threads.size());
      ++round;
    }
    begun.notify_all();
    work(0);
    std::unique_lock lock(mutex);
    ended.wait(lock, [&] { return working == 0; });
  }

  const pid_t process = getpid();

  std::mutex mutex;
  std::condition_variable begun;
  std::condition_variable ended;
  // Guarded by mutex.
  std::uint64_t round = 0;
  int working = 0;
  bool ending = false;

  // Written by the caller between rounds, read by all in one.
  int count = 0;
  Call call = nullptr;
  void* body = nullptr;
  std::vector<Cursor> cursors;

  std::vector<std::jthread> threads;  // Last, so that they end while the rest is there.
};

WorkerTeam::WorkerTeam(int workers) : workers_(workers) {
  CHRYSALIS_CHECK(workers >= 1, "a team of {}", workers);
  crew_ = std::make_unique<Crew>(workers);
}

WorkerTeam::~WorkerTeam() {
  // Left where it is: its threads are the parent's, and its lock may be held by one of them for good.
  if (crew_->process != getpid()) (void)crew_.release();
}

void WorkerTeam::run(int count, Call call, void* body) {
  if (crew_->process != getpid()) {
    (void)crew_.release();
    crew_ = std::make_unique<Crew>(workers_);
  }
  crew_->run(count, call, body);
}

}  // namespace chrysalis
