#include "chrysalis/torch_cli/torch_learning.h"

#include "chrysalis/agent/torch_policy.h"
#include "chrysalis/impala/impala_learner.h"
#include "chrysalis/torch_cli/sgemm.h"

namespace chrysalis {

const Learning& torch_learning() {
  static constexpr Learning learning = {.make_policy = make_torch_policy,
                                        .make_learner = make_impala_learner,
                                        .measure_sgemm = measure_sgemm,
                                        .blas_description = blas_description,
                                        .openblas_core_name = openblas_core_name,
                                        .torch_description = torch_description};
  return learning;
}

}  // namespace chrysalis
