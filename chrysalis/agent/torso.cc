#include "chrysalis/agent/torso.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <optional>

#include "chrysalis/agent/staged_frames.h"
#include "chrysalis/core/check.h"
#include "chrysalis/core/stage_clock.h"
#include "chrysalis/rollout/weight_layout.h"

namespace chrysalis {
namespace {

constexpr double kPixelScale = 1.0 / 255.0;  // Goes into conv1's weights: pixels are converted, not scaled.
const std::vector<std::int64_t> kStrides1 = {kStride1, kStride1}, kStrides2 = {kStride2, kStride2},
                                kNoPadding = {0, 0}, kNoDilation = {1, 1};

struct FramesHolder : torch::CustomClassHolder {
  explicit FramesHolder(Frames frames) : frames(std::move(frames)) {}
  Frames frames;
};

int chunk_count(std::size_t frames, int chunk) {
  return static_cast<int>((frames + chunk - 1) / chunk);
}

// Pictures [n, height, width, 3] as numbers 0 to 255, [n, 3, height, width], channels last.
at::Tensor as_numbers(const at::Tensor& pictures, const at::TensorOptions& options) {
  return pictures.to(options).permute({0, 3, 1, 2});
}

// The same of frames [first, first + count), straight from where they lie on the host.
at::Tensor pixels_of(const Frames& frames, std::size_t first, std::size_t count,
                     const at::TensorOptions& options) {
  const StageScope scope(Stage::kPixels);
  const auto n = static_cast<std::int64_t>(count);
  const std::int64_t bytes = static_cast<std::int64_t>(frames.height) * frames.width * 3;
  const at::Tensor pixels = at::empty({n, bytes}, options);
  for (std::int64_t i = 0; i < n; ++i) {
    pixels[i].copy_(at::from_blob(const_cast<std::uint8_t*>(frames.pixels[first + i]), {bytes}, at::kByte));
  }
  return as_numbers(pixels.view({n, frames.height, frames.width, 3}), options);
}

at::Tensor convolution(Stage stage, const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                       const std::vector<std::int64_t>& stride) {
  const auto positions = [&](int side) { return (x.size(side) - weight.size(side)) / stride[0] + 1; };
  const StageScope scope(stage,
                         static_cast<double>(x.size(0) * positions(2) * positions(3) * weight.numel()));
  return at::convolution(x, weight, bias, stride, kNoPadding, kNoDilation, false, kNoPadding, 1);
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> convolution_backward(Stage stage, const at::Tensor& gradient,
                                                                    const at::Tensor& x,
                                                                    const at::Tensor& weight,
                                                                    const std::vector<std::int64_t>& stride,
                                                                    bool to_input) {
  const std::int64_t filters = weight.size(0), products = to_input ? 2 : 1;
  const StageScope scope(
      stage, static_cast<double>(products * gradient.numel() / gradient.size(1) * weight.numel()));
  return at::convolution_backward(gradient, x, weight, at::IntArrayRef(&filters, 1), stride, kNoPadding,
                                  kNoDilation, false, kNoPadding, 1, {to_input, true, true});
}

class Convolutions : public torch::autograd::Function<Convolutions> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& weight1,
                            const at::Tensor& bias1, const at::Tensor& weight2, const at::Tensor& bias2,
                            const Frames& frames, int chunk, bool keep) {
    const std::size_t count = frames.pixels.size();
    const auto format = at::MemoryFormat::ChannelsLast;
    const at::Tensor w1 = (weight1 * kPixelScale).contiguous(format), w2 = weight2.contiguous(format);
    torch::autograd::variable_list kept;
    const auto options = weight1.options().requires_grad(false);
    std::optional<StagedFrames> staged;
    if (frames.staged || !options.device().is_cpu()) staged.emplace(frames, options.device());
    at::Tensor features;
    for (int i = 0; i < chunk_count(count, chunk); ++i) {
      const std::size_t first = static_cast<std::size_t>(i) * chunk,
                        n = std::min<std::size_t>(chunk, count - first);
      const at::Tensor x = staged ? as_numbers(staged->next(static_cast<std::int64_t>(n)), options)
                                  : pixels_of(frames, first, n, options);
      const at::Tensor hidden = convolution(Stage::kConv1, x, w1, bias1, kStrides1).relu_();
      const at::Tensor out = convolution(Stage::kConv2, hidden, w2, bias2, kStrides2).permute({0, 2, 3, 1});
      if (!features.defined()) {
        features = at::empty({static_cast<std::int64_t>(count), out.size(1), out.size(2), out.size(3)},
                             out.options());
      }
      at::Tensor part = features.narrow(0, static_cast<std::int64_t>(first), static_cast<std::int64_t>(n));
      at::clamp_min_out(part, out, 0);
      if (keep) kept.push_back(hidden);
    }
    if (keep) {
      kept.push_back(weight2);
      kept.push_back(features);
      context->save_for_backward(kept);
      if (staged) context->saved_data["staged"] = staged->bytes();
      context->saved_data["frames"] = c10::IValue::make_capsule(c10::make_intrusive<FramesHolder>(frames));
      context->saved_data["chunk"] = static_cast<std::int64_t>(chunk);
      context->saved_data["filters"] = weight1.size(0);
    }
    return features;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto kept = context->get_saved_variables();
    const at::Tensor &features = kept.back(), &weight2 = kept[kept.size() - 2];
    const at::Tensor w2 = weight2.contiguous(at::MemoryFormat::ChannelsLast);
    const auto holder = context->saved_data["frames"].toCapsule();
    const Frames& frames = static_cast<const FramesHolder&>(*holder).frames;
    const auto staged = context->saved_data.find("staged");
    const std::int64_t chunk = context->saved_data["chunk"].toInt();
    const auto options = features.options().requires_grad(false);
    const at::Tensor kernel1 =
        at::empty({context->saved_data["filters"].toInt(), 3, kKernel1, kKernel1}, options)
            .contiguous(at::MemoryFormat::ChannelsLast);
    const std::int64_t count = features.size(0);
    at::Tensor dw1, db1, dw2, db2;
    for (std::int64_t i = 0; i * chunk < count; ++i) {
      const std::int64_t first = i * chunk, n = std::min(chunk, count - first);
      const at::Tensor out = features.narrow(0, first, n);
      const at::Tensor gradient =
          at::threshold_backward(gradients[0].narrow(0, first, n), out, 0).permute({0, 3, 1, 2});
      auto [dx, dw, db] = convolution_backward(Stage::kConv2, gradient, kept[i], w2, kStrides2, true);
      const at::Tensor dhidden = at::threshold_backward(dx, kept[i], 0);
      const at::Tensor x =
          staged != context->saved_data.end()
              ? as_numbers(staged->second.toTensor().narrow(0, first, n), options)
              : pixels_of(frames, static_cast<std::size_t>(first), static_cast<std::size_t>(n), options);
      auto [unused, dw_1, db_1] = convolution_backward(Stage::kConv1, dhidden, x, kernel1, kStrides1, false);
      dw1 = i == 0 ? dw_1 : dw1.add_(dw_1);
      db1 = i == 0 ? db_1 : db1.add_(db_1);
      dw2 = i == 0 ? dw : dw2.add_(dw);
      db2 = i == 0 ? db : db2.add_(db);
    }
    const at::Tensor none;
    return {dw1.mul(kPixelScale).contiguous(), db1, dw2.contiguous(), db2, none, none, none};
  }
};

}  // namespace

at::Tensor convolve(const Frames& frames, const at::Tensor& weight1, const at::Tensor& bias1,
                    const at::Tensor& weight2, const at::Tensor& bias2, int chunk_frames) {
  CHRYSALIS_CHECK(!frames.pixels.empty() && chunk_frames >= 1);
  const bool keep = at::GradMode::is_enabled();
  return Convolutions::apply(weight1, bias1, weight2, bias2, frames, chunk_frames, keep).flatten(1);
}

}  // namespace chrysalis
