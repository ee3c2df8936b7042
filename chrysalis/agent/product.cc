#include "chrysalis/agent/product.h"

#include <dlfcn.h>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

namespace chrysalis {
namespace {

// Multiply-adds below which packing the weights and calling oneDNN costs more than it saves.
constexpr std::int64_t kSmallProduct = 1 << 22;

bool suits_onednn(const at::Tensor& a, const at::Tensor& b) {
  return a.device().is_cpu() && a.scalar_type() == at::kFloat && at::hasMKLDNN() &&
         a.size(0) * b.size(0) * a.size(1) >= kSmallProduct && a.size(0) >= 16 && b.size(0) >= 16;
}

// A [rows, channels] matrix is the memory of a channels-last picture with one pixel a row.
at::Tensor as_picture(const at::Tensor& matrix) {
  const std::int64_t rows = matrix.size(0), channels = matrix.size(1);
  return matrix.contiguous().as_strided({1, channels, rows, 1}, {rows * channels, 1, channels, channels});
}
at::Tensor as_kernels(const at::Tensor& matrix) {
  const std::int64_t rows = matrix.size(0), channels = matrix.size(1);
  return matrix.contiguous().as_strided({rows, channels, 1, 1}, {channels, 1, channels, channels});
}

class Linear : public torch::autograd::Function<Linear> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x,
                            const at::Tensor& weight, const at::Tensor& bias, Stage stage) {
    const StageScope scope(stage, static_cast<double>(x.size(0) * weight.numel()));
    context->saved_data["stage"] = static_cast<std::int64_t>(stage);
    context->save_for_backward({x, weight});
    return product(x, weight).add_(bias);
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1], gradient = gradients[0];
    const std::int64_t products = context->needs_input_grad(0) ? 2 : 1;
    const StageScope scope(static_cast<Stage>(context->saved_data["stage"].toInt()),
                           static_cast<double>(products * x.size(0) * weight.numel()));
    at::Tensor dx;
    if (context->needs_input_grad(0)) dx = product(gradient, weight.t());
    return {dx, product(gradient.t(), x.t()), gradient.sum(0), at::Tensor()};
  }
};

}  // namespace

at::Tensor product(const at::Tensor& a, const at::Tensor& b) {
  at::NoGradGuard no_grad;
  if (!suits_onednn(a, b)) return at::mm(a, b.t());
  const at::Tensor picture =
      at::mkldnn_convolution(as_picture(a), as_kernels(b), {}, {0, 0}, {1, 1}, {1, 1}, 1);
  return picture.permute({0, 2, 3, 1}).reshape({a.size(0), b.size(0)});
}

at::Tensor linear(Stage stage, const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  return Linear::apply(x, weight, bias, stage);
}

void use_one_thread() {
  // Torch's own setting does not reach OpenBLAS, whose threads would spin beside the workers (2,364 against
  // 4,289 agent steps/s on two cores). Its setting is one for the whole process.
  static const bool once = [] {
    if (auto* set = reinterpret_cast<void (*)(int)>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads"))) set(1);
    return true;
  }();
  static_cast<void>(once);
  if (at::get_num_threads() != 1) at::set_num_threads(1);
}

}  // namespace chrysalis
