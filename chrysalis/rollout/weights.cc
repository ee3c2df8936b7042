#include "chrysalis/rollout/weights.h"

#include <cstring>

namespace chrysalis {
namespace {
constexpr const char* kAlphaName = "weights.alpha";
}  // namespace

std::vector<NamedTensor> tensors_from_weights(const Weights& weights) {
  std::vector<NamedTensor> tensors;
  for (const WeightLayout::Part& part : weights.layout->parts) {
    tensors.push_back(
        make_tensor(part.name, part.shape, std::span(weights.values).subspan(part.offset, part.count)));
  }
  tensors.push_back(make_tensor(kAlphaName, {}, std::span(&weights.alpha, 1)));
  return tensors;
}

Result<WeightsPtr> weights_from_tensors(std::span<const NamedTensor> tensors,
                                        std::shared_ptr<const WeightLayout> layout, std::int64_t version) {
  auto weights = std::make_shared<Weights>();
  weights->version = version;
  weights->values.resize(layout->count);
  for (const WeightLayout::Part& part : layout->parts) {
    const auto tensor = expect_tensor(tensors, part.name, DType::kF32, part.shape);
    if (!tensor.ok()) {
      return invalid_input(
          "the weights do not fit the agent: {}; is a setting of [agent] or [environment] not the run's?",
          tensor.error().message);
    }
    std::memcpy(weights->values.data() + part.offset, (*tensor)->bytes.data(), (*tensor)->bytes.size());
  }
  if (find_tensor(tensors, kAlphaName) != nullptr) {
    CHRYSALIS_ASSIGN_OR_RETURN(const NamedTensor* alpha, expect_tensor(tensors, kAlphaName, DType::kF64, {}));
    std::memcpy(&weights->alpha, alpha->bytes.data(), sizeof weights->alpha);
    if (!(weights->alpha >= 0 && weights->alpha <= 1))
      return invalid_input("tensor {} is {}; expected a number from 0 to 1", kAlphaName, weights->alpha);
  }
  weights->layout = std::move(layout);
  return WeightsPtr(std::move(weights));
}

}  // namespace chrysalis
