// What the program needs LibTorch for, and how it comes by it. Loading LibTorch takes over half a second, and
// a machine that only acts has none: so there are two programs from the same sources, `chrysalis` without
// LibTorch and `chrysalis-torch` beside it, with it. A verb that finds that it has to learn goes on as the
// latter.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "chrysalis/core/result.h"
#include "chrysalis/rollout/learner.h"
#include "chrysalis/rollout/packed_network.h"
#include "chrysalis/rollout/policy.h"
#include "chrysalis/rollout/weight_layout.h"
#include "chrysalis/rollout/weights.h"

namespace chrysalis {

// Of one thread, in GFLOP/s of 2 n^3 operations.
struct SgemmRates {
  double blas_gflops = 0;    // By the BLAS behind LibTorch's at::mm.
  double onednn_gflops = 0;  // By the stock operator that layers on LibTorch use.
  // What the machine can do, as far as the libraries here show it. Old builds of OpenBLAS fall back to SSE on
  // processors that they do not know; to compare with that would flatter us.
  double best() const { return blas_gflops > onednn_gflops ? blas_gflops : onednn_gflops; }
};

struct Learning {
  // make_torch_policy() and make_impala_learner().
  Result<std::unique_ptr<Policy>> (*make_policy)(const AgentConfig&, const AgentSpec&,
                                                 std::optional<double> alpha);
  Result<std::unique_ptr<Learner>> (*make_learner)(const AgentConfig&, const AgentSpec&, const LearnerConfig&,
                                                   const WeightsPtr& initial, std::shared_ptr<PackedNetworks>,
                                                   const CurriculumConfig&);
  SgemmRates (*measure_sgemm)(int repeats);
  std::string (*blas_description)();
  std::string (*openblas_core_name)();
  std::string (*torch_description)();
};

// Once, before anything else: the program's own command line, kept for need_learning(); null: no LibTorch
// here.
void set_learning(const Learning* learning, int argc, char** argv);

// Ok where LibTorch is in this process. Elsewhere chrysalis-torch, from the folder of this program, takes the
// process over with the same command line and this does not return. Call it before a verb prints or writes
// anything. Error: there is none to go on with.
Status need_learning();

// CHECK-fails where need_learning() was not ok.
const Learning& learning();

}  // namespace chrysalis
