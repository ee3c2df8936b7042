// Threads that share one loop at a time: what a call from outside is spread over the cores with. Training has
// workers of its own (train/trainer.h), which take tasks and never wait for one another.
#pragma once

#include <memory>
#include <type_traits>

namespace chrysalis {

// One caller at a time. A child of fork() has none of its parent's threads: its first for_each() starts its
// own, and its destructor does not wait for those that are not there.
class WorkerTeam {
 public:
  // workers: threads that share a loop, the caller's among them; at least 1. 1 starts no thread.
  explicit WorkerTeam(int workers);
  ~WorkerTeam();  // Ends the threads and waits for them.
  WorkerTeam(const WorkerTeam&) = delete;
  WorkerTeam& operator=(const WorkerTeam&) = delete;

  int workers() const { return workers_; }

  // Calls body(item, worker) once for each item in [0, count) and returns when all calls have. worker is in
  // [0, workers()), the caller's own 0, and no two calls with the same worker run at once. A worker prefers
  // the same items each time, so that what belongs to an item stays in the cache of a core. body must not
  // throw. Allocates nothing after the first call.
  template <typename Body>
  void for_each(int count, Body&& body) {
    using Plain = std::remove_reference_t<Body>;
    run(
        count, [](void* plain, int item, int worker) { (*static_cast<Plain*>(plain))(item, worker); },
        const_cast<std::remove_const_t<Plain>*>(&body));
  }

 private:
  using Call = void (*)(void* body, int item, int worker);
  struct Crew;
  void run(int count, Call call, void* body);

  const int workers_;
  std::unique_ptr<Crew> crew_;
};

}  // namespace chrysalis
