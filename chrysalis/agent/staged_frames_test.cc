#include "chrysalis/agent/staged_frames.h"

#include <ATen/ATen.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "chrysalis/agent/product.h"
#include "chrysalis/core/random.h"

namespace chrysalis {
namespace {

// What a device was told, in order: "1 waits for 0". Stream 0 is current, 1 comes from the pool.
std::vector<std::string>& told() {
  static std::vector<std::string> lines;
  return lines;
}

// A device that only writes down what its streams are told, under the name of one that nobody has.
class NotedDevice final : public c10::impl::DeviceGuardImplInterface {
 public:
  static constexpr c10::DeviceType static_type = c10::DeviceType::FPGA;
  c10::DeviceType type() const override { return static_type; }
  c10::Device exchangeDevice(c10::Device) const override { return getDevice(); }
  c10::Device getDevice() const override { return {static_type, 0}; }
  void setDevice(c10::Device) const override {}
  void uncheckedSetDevice(c10::Device) const noexcept override {}
  c10::Stream getStream(c10::Device) const noexcept override { return stream(current_); }
  c10::Stream getStreamFromGlobalPool(c10::Device, bool) const override { return stream(1); }
  c10::Stream exchangeStream(c10::Stream next) const noexcept override {
    const c10::Stream before = stream(current_);
    current_ = next.id();
    told().push_back("now " + std::to_string(current_));
    return before;
  }
  c10::DeviceIndex deviceCount() const noexcept override { return 1; }
  void record(void** event, const c10::Stream& on, const c10::DeviceIndex,
              const c10::EventFlag) const override {
    *event = reinterpret_cast<void*>(on.id() + 1);
  }
  void block(void* event, const c10::Stream& on) const override {
    told().push_back(std::to_string(on.id()) + " waits for " +
                     std::to_string(reinterpret_cast<c10::StreamId>(event) - 1));
  }

 private:
  static c10::Stream stream(c10::StreamId id) {
    return c10::Stream(c10::Stream::UNSAFE, c10::Device(static_type, 0), id);
  }
  static inline c10::StreamId current_ = 0;
};
C10_REGISTER_GUARD_IMPL(FPGA, NotedDevice)

TEST(CopyStream, PutsEachCopyAfterTheMemoryIsThereAndBeforeItIsRead) {
  told().clear();
  CopyStream stream(c10::Device(c10::DeviceType::FPGA, 0));
  EXPECT_EQ(told(), std::vector<std::string>{"1 waits for 0"});
  told().clear();
  stream.run([] { told().push_back("copy"); });
  EXPECT_EQ(told(), (std::vector<std::string>{"now 1", "copy", "now 0", "0 waits for 1"}));
}

// Frames of random bytes.
struct Pictures {
  explicit Pictures(int count, int height = 20, int width = 24) {
    RandomStream random(RandomKey(3));
    const std::size_t frame_bytes = static_cast<std::size_t>(height) * width * 3;
    bytes.resize(count * frame_bytes);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random.below(256));
    for (int i = count - 1; i >= 0; --i) frames.pixels.push_back(bytes.data() + i * frame_bytes);
    frames.height = height;
    frames.width = width;
  }
  std::vector<std::uint8_t> bytes;
  Frames frames;  // Not in the order of the bytes.
};

TEST(StagedFrames, BringsEveryByteInChunksOfAnySize) {
  const Pictures pictures(7);
  StagedFrames staged(pictures.frames, at::kCPU);
  const std::size_t frame_bytes = pictures.bytes.size() / 7;
  std::int64_t done = 0;
  for (const std::int64_t count : {1, 4, 2}) {
    const at::Tensor chunk = staged.next(count);
    ASSERT_EQ(chunk.sizes(), at::IntArrayRef({count, 20, 24, 3}));
    for (std::int64_t i = 0; i < count; ++i, ++done) {
      EXPECT_TRUE(std::equal(pictures.frames.pixels[done], pictures.frames.pixels[done] + frame_bytes,
                             chunk[i].data_ptr<std::uint8_t>()))
          << done;
    }
  }
  EXPECT_TRUE(staged.bytes().narrow(0, 5, 2).equal(
      at::from_blob(const_cast<std::uint8_t*>(pictures.bytes.data()), {2, 20, 24, 3}, at::kByte).flip(0)));
}

TEST(StagedFramesDeathTest, HasNoMoreFramesThanItWasGiven) {
  const Pictures pictures(2);
  StagedFrames staged(pictures.frames, at::kCPU);
  EXPECT_DEATH(staged.next(3), "3 frames after 0 of 2");
}

// Features, and gradients of their weighted sum: conv1's, conv2's.
std::vector<at::Tensor> convolved(const Frames& frames, int chunk) {
  use_one_thread();  // As every entry does: LibTorch's count of threads, and so the order of sums, is then
                     // fixed.
  at::manual_seed(1);
  std::vector<at::Tensor> parameters = {at::randn({3, 3, 8, 8}), at::randn({3}), at::randn({4, 3, 4, 4}),
                                        at::randn({4})};
  for (at::Tensor& parameter : parameters) parameter.requires_grad_();
  const at::Tensor features =
      convolve(frames, parameters[0], parameters[1], parameters[2], parameters[3], chunk);
  (features * at::randn(features.sizes())).sum().backward();
  std::vector<at::Tensor> results = {features.detach()};
  for (const at::Tensor& parameter : parameters) results.push_back(parameter.grad());
  return results;
}

TEST(StagedFrames, LeavesFeaturesAndGradientsAsTheyAre) {
  Pictures pictures(11, 28, 36);
  for (const int chunk : {1, 4, 11, 64}) {
    pictures.frames.staged = false;
    const auto direct = convolved(pictures.frames, chunk);
    pictures.frames.staged = true;
    const auto staged = convolved(pictures.frames, chunk);
    for (std::size_t i = 0; i < direct.size(); ++i) {
      EXPECT_GT(direct[i].abs().sum().item().toDouble(), 0) << i;
      EXPECT_TRUE(staged[i].equal(direct[i])) << i << " in chunks of " << chunk;
    }
  }
}

}  // namespace
}  // namespace chrysalis
