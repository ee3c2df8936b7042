#include "chrysalis/rollout/weights.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "chrysalis/rollout/weight_layout.h"

namespace chrysalis {
namespace {

WeightsPtr small_weights() {
  return initial_weights({.hidden = 4, .core_width = 3}, {.height = 20, .width = 20},
                         RandomKey(1, Purpose::kInitialWeights, {0}))
      .value();
}

TEST(Weights, ComeBackFromTheirTensorsInAnyOrderAndAmongOthers) {
  const WeightsPtr weights = small_weights();
  std::vector<NamedTensor> tensors = tensors_from_weights(*weights);
  ASSERT_EQ(tensors.size(), weights->layout->parts.size() + 1);
  EXPECT_EQ(tensors[0].name, "torso.conv1.weight");
  std::reverse(tensors.begin(), tensors.end());
  tensors.push_back(make_tensor("rmsprop.mean_square", {1}, std::vector<float>{2}));
  const WeightsPtr back = weights_from_tensors(tensors, weights->layout, /*version=*/7).value();
  EXPECT_EQ(back->values, weights->values);
  EXPECT_EQ(back->layout, weights->layout);
  EXPECT_EQ(back->version, 7);
}

TEST(Weights, AreRefusedWhereAPartIsMissingOrOfAnotherShape) {
  const WeightsPtr weights = small_weights();
  const auto error_of = [&](auto spoil) {
    std::vector<NamedTensor> tensors = tensors_from_weights(*weights);
    spoil(tensors);
    const auto back = weights_from_tensors(tensors, weights->layout, 0);
    return back.ok() ? std::string() : back.error().message;
  };
  EXPECT_EQ(error_of([](auto&) {}), "");
  EXPECT_EQ(error_of([](auto& tensors) { tensors[tensors.size() - 2].name = "baseline.bios"; }),
            "the weights do not fit the agent: tensor baseline.bias is missing; is a setting of [agent] or "
            "[environment] not the run's?");
  EXPECT_EQ(error_of([](auto& tensors) {
              tensors[tensors.size() - 2].shape = {1, 1};
            }),
            "the weights do not fit the agent: tensor baseline.bias is a [1, 1] of 32-bit floats, 4 bytes; "
            "expected a [1] of 32-bit floats; is a setting of [agent] or [environment] not the run's?");
}

TEST(Weights, CarryTheirMixture) {
  auto weights = std::make_shared<Weights>(*small_weights());
  weights->alpha = 0.35;
  std::vector<NamedTensor> tensors = tensors_from_weights(*weights);
  EXPECT_EQ(weights_from_tensors(tensors, weights->layout, 0).value()->alpha, 0.35);
  const double outside = 1.5;
  tensors.back() = make_tensor("weights.alpha", {}, std::span(&outside, 1));
  EXPECT_EQ(weights_from_tensors(tensors, weights->layout, 0).error().message,
            "tensor weights.alpha is 1.5; expected a number from 0 to 1");
  tensors.pop_back();  // Of a program that knew no mixtures.
  EXPECT_EQ(weights_from_tensors(tensors, weights->layout, 0).value()->alpha, 1);
}

}  // namespace
}  // namespace chrysalis
