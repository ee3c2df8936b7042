#include "chrysalis/rollout/packed_network.h"

#include <gtest/gtest.h>

#include <barrier>
#include <thread>

#include "chrysalis/rollout/network_oracle_test.h"

namespace chrysalis {
namespace {

const AgentConfig kConfig{.conv1_filters = 5, .conv2_filters = 3, .hidden = 13, .core_width = 7};
const AgentSpec kSpec{.height = 28, .width = 44, .action_count = 9, .reward_clip = 0.5f};

class PackedNetworkOn : public OnEachTarget {};
CHRYSALIS_ON_EACH_TARGET(PackedNetworkOn);

TEST(PackedNetwork, HasTheShapesOfItsLayout) {
  const WeightsPtr weights = drawn_weights(kConfig, kSpec, 1);
  const PackedNetwork network(kConfig, kSpec, Precision::kBf16, weights);
  EXPECT_EQ(network.weights(), weights);
  EXPECT_EQ(network.precision(), Precision::kBf16);
  EXPECT_EQ(network.spec().action_count, 9);
  EXPECT_EQ(network.spec().reward_clip, 0.5f);
  EXPECT_EQ(network.hidden(), 13);
  EXPECT_EQ(network.core_width(), 7);
  EXPECT_TRUE(network.has_memory());
  // 28 x 44 gives 6 x 10, of which the second convolution sees all but nothing beyond, and gives 2 x 4.
  EXPECT_EQ(network.conv1().shape().out_height(), 6);
  EXPECT_EQ(network.conv1().shape().out_width(), 10);
  EXPECT_EQ(network.conv2().shape().out_height(), 2);
  EXPECT_EQ(network.conv2().shape().out_width(), 4);
  EXPECT_EQ(network.linear().in(), 2 * 4 * 3);
  EXPECT_EQ(network.core_input().out(), 28);
  EXPECT_EQ(network.recurrent().in(), 7);
  EXPECT_EQ(network.policy().out(), 9);
  EXPECT_EQ(network.baseline().out(), 1);
  EXPECT_EQ(network.part("core.bias"), weights->values.data() + weights->layout->parts[9].offset);
  AgentConfig plain = kConfig;
  plain.core = "feed_forward";
  EXPECT_FALSE(PackedNetwork(plain, kSpec, Precision::kFloat32, drawn_weights(plain, kSpec, 1)).has_memory());
}

TEST(PackedNetwork, LeavesOutWhatTheSecondConvolutionDoesNotRead) {
  const PackedNetwork network({}, {}, Precision::kFloat32, drawn_weights({}, {}, 1));
  EXPECT_EQ(network.conv1().shape().out_height(), 16);
  EXPECT_EQ(network.conv1().shape().out_width(), 22);
}

TEST_P(PackedNetworkOn, StartsTheCoreFromBiasActionAndClippedReward) {
  const WeightsPtr weights = drawn_weights(kConfig, kSpec, 2);
  const PackedNetwork network(kConfig, kSpec, Precision::kBf16, weights);
  const float *bias = network.part("core.bias"), *action = network.part("core.action_weight"),
              *reward = network.part("core.reward_weight");
  for (int last_action = -1; last_action < 9; ++last_action) {
    for (const float last_reward : {-2.0f, -0.5f, -0.25f, 0.0f, 0.3f, 7.0f}) {
      std::vector<float> to(28);
      network.core_input().offset(last_action, last_reward, to.data());
      const double clipped = std::min(0.5, std::max(-0.5, static_cast<double>(last_reward)));
      EXPECT_TRUE(close(
          28, [&](std::size_t g) { return to[g]; },
          [&](std::size_t g) {
            return bias[g] +
                   (last_action < 0 ? 0.0 : action[static_cast<std::size_t>(last_action) * 28 + g]) +
                   clipped * reward[g];
          }));
    }
  }
}

// Whether operands are those of these numbers: in float32 to 1e-5 of the largest, in bf16 that and half of
// the last bit.
::testing::AssertionResult are_operands_of(Precision precision, const void* operands,
                                           const std::vector<double>& exact) {
  const double largest = *std::max_element(exact.begin(), exact.end());
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const double value = precision == Precision::kFloat32
                             ? static_cast<const float*>(operands)[i]
                             : value_of_bf16(static_cast<const std::uint16_t*>(operands)[i]);
    const double half_bit = precision == Precision::kFloat32 ? 0 : exact[i] / 256;
    if (!(std::abs(value - exact[i]) <= 1e-5 * largest + half_bit))
      return ::testing::AssertionFailure() << "operand " << i << " is " << value << ", expected " << exact[i];
  }
  return ::testing::AssertionSuccess();
}

TEST_P(PackedNetworkOn, ConvolvesAFrameAsPlainLoopsDo) {
  const std::pair<AgentConfig, AgentSpec> agents[] = {
      {kConfig, kSpec},
      {{.conv1_filters = 1, .conv2_filters = 1}, {.height = 20, .width = 20}},
      {{.conv1_filters = 24, .conv2_filters = 33}, {.height = 24, .width = 60}},
      {{}, {}}};
  RandomStream random{RandomKey(3)};
  for (const Precision precision : kPrecisions) {
    TorsoScratch scratch;  // Kept from agent to agent.
    for (const auto& [config, spec] : agents) {
      SCOPED_TRACE(fmt::format("{}: {} x {}, {} and {} filters", name_of(precision), spec.height, spec.width,
                               config.conv1_filters, config.conv2_filters));
      const WeightsPtr weights = drawn_weights(config, spec, 4);
      const PackedNetwork network(config, spec, precision, weights);
      const NetworkOracle oracle(config, spec, precision, weights);
      std::vector<std::uint8_t> pixels(static_cast<std::size_t>(spec.height * spec.width * 3));
      for (std::uint8_t& pixel : pixels) pixel = static_cast<std::uint8_t>(random.below(256));
      const std::size_t bytes = static_cast<std::size_t>(operand_bytes(precision));
      // One operand behind each in bf16: finite.
      const std::size_t slack = precision == Precision::kBf16 ? bytes : 0;
      const ConvolutionShape& first = network.conv1().shape();
      std::vector<std::byte> hidden(static_cast<std::size_t>(first.out_elements()) * bytes + slack),
          features(static_cast<std::size_t>(network.shape().torso_features) * bytes + slack);
      hidden.shrink_to_fit();
      convolve_frame(network, pixels.data(), hidden.data(), features.data(), scratch);

      const NetworkOracle::Picture expected = oracle.conv1(oracle.pixels(pixels.data()));
      std::vector<double> wanted;
      NetworkOracle::Picture seen{first.out_height(), first.out_width(), first.filters, {}};
      for (int y = 0; y < first.out_height(); ++y)
        for (int x = 0; x < first.out_width(); ++x)
          for (int f = 0; f < first.filters; ++f) {
            const std::size_t i = wanted.size();
            wanted.push_back(expected.at(y, x, f));
            seen.values.push_back(
                precision == Precision::kFloat32
                    ? reinterpret_cast<const float*>(hidden.data())[i]
                    : value_of_bf16(reinterpret_cast<const std::uint16_t*>(hidden.data())[i]));
          }
      EXPECT_TRUE(are_operands_of(precision, hidden.data(), wanted));
      // From what the first gave, bit for bit.
      EXPECT_TRUE(are_operands_of(precision, features.data(), oracle.conv2(seen).values));
    }
  }
}

TEST_P(PackedNetworkOn, PacksWhatGradientsNeedWhicheverThreadAsks) {
  const WeightsPtr weights = drawn_weights(kConfig, kSpec, 5);
  const PackedNetwork network(kConfig, kSpec, Precision::kFloat32, weights);
  std::vector<std::vector<float>> results(4, std::vector<float>(7));
  {
    std::barrier together(4);
    std::vector<std::jthread> threads;
    for (auto& result : results) {
      threads.emplace_back([&network, &together, &result] {
        together.arrive_and_wait();
        network.pack_gradients();
        const float dy = 2;
        network.baseline().input_gradient(1, &dy, 4, result.data(), 7);
      });
    }
  }
  const float* weight = network.part("baseline.weight");
  for (const auto& result : results)
    for (std::size_t n = 0; n < 7; ++n) EXPECT_EQ(result[n], 2 * weight[n]);
}

TEST(PackedNetworks, PacksAVersionOnceForAllThatAskAtOnce) {
  PackedNetworks networks(kConfig, kSpec, Precision::kFloat32);
  for (std::uint64_t version = 1; version <= 5; ++version) {
    const WeightsPtr weights = drawn_weights(kConfig, kSpec, version);
    std::vector<std::shared_ptr<const PackedNetwork>> got(6);
    {
      std::barrier together(static_cast<std::ptrdiff_t>(got.size()));
      std::vector<std::jthread> threads;
      for (auto& each : got) {
        threads.emplace_back([&] {
          together.arrive_and_wait();
          each = networks.of(weights);
        });
      }
    }
    ASSERT_NE(got[0], nullptr);
    EXPECT_EQ(got[0]->weights(), weights);
    for (const auto& each : got) EXPECT_EQ(each, got[0]);
  }
}

TEST(PackedNetworks, KeepsTheLastAndWhatIsInUseAndNoMore) {
  PackedNetworks networks(kConfig, kSpec, Precision::kFloat32);
  const WeightsPtr first = drawn_weights(kConfig, kSpec, 1), second = drawn_weights(kConfig, kSpec, 2),
                   third = drawn_weights(kConfig, kSpec, 3);
  auto of_first = networks.of(first);
  std::weak_ptr<const PackedNetwork> of_second = networks.of(second);
  EXPECT_FALSE(of_second.expired());  // The last.
  EXPECT_EQ(networks.of(second), of_second.lock());
  EXPECT_EQ(networks.of(first), of_first);  // In use.
  const std::weak_ptr<const PackedNetwork> once = of_first;
  of_first.reset();
  (void)networks.of(third);
  EXPECT_TRUE(of_second.expired());
  EXPECT_TRUE(once.expired());
  EXPECT_EQ(networks.of(first)->weights(), first);  // Packed again.
}

TEST(PackedNetworks, TellsApartWeightsOfTheSameVersion) {
  PackedNetworks networks(kConfig, kSpec, Precision::kFloat32);
  auto other = std::make_shared<Weights>(*drawn_weights(kConfig, kSpec, 2));
  other->version = 1;
  const WeightsPtr first = drawn_weights(kConfig, kSpec, 1);
  EXPECT_NE(networks.of(first), networks.of(other));
}

TEST(PackedNetworkDeathTest, StopsOnWeightsThatAreNotTheAgents) {
  EXPECT_DEATH(PackedNetwork(kConfig, kSpec, Precision::kFloat32, nullptr), "");
  auto cut = std::make_shared<Weights>(*drawn_weights(kConfig, kSpec, 1));
  cut->values.pop_back();
  EXPECT_DEATH(PackedNetwork(kConfig, kSpec, Precision::kFloat32, cut), "count");
  AgentConfig plain = kConfig;
  plain.core = "feed_forward";
  EXPECT_DEATH(PackedNetwork(kConfig, kSpec, Precision::kFloat32, drawn_weights(plain, kSpec, 1)),
               "parts.size");
  const AgentSpec other{.height = 28, .width = 44, .action_count = 10};
  EXPECT_DEATH(PackedNetwork(kConfig, kSpec, Precision::kFloat32, drawn_weights(kConfig, other, 1)),
               "weights whose core.action_weight");
  const PackedNetwork network(kConfig, kSpec, Precision::kFloat32, drawn_weights(kConfig, kSpec, 1));
  float to[28];
  EXPECT_DEATH(network.core_input().offset(9, 0, to), "last_action");
  EXPECT_DEATH(network.core_input().offset(-2, 0, to), "last_action");
}

}  // namespace
}  // namespace chrysalis
