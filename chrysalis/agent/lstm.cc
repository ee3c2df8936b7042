#include "chrysalis/agent/lstm.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "chrysalis/agent/product.h"
#include "chrysalis/core/check.h"
#include "chrysalis/core/stage_clock.h"

namespace chrysalis {
namespace {

// For each step the factor on the memory before it: undefined where no memory is reset, else [B, 1] of 0
// and 1.
std::vector<at::Tensor> factors_of(const at::Tensor& starts, const at::TensorOptions& options) {
  const auto flags = starts.accessor<std::uint8_t, 2>();
  std::vector<at::Tensor> factors(starts.size(0));
  for (std::int64_t t = 0; t < starts.size(0); ++t) {
    bool any = false;
    for (std::int64_t b = 0; b < starts.size(1); ++b) any = any || flags[t][b] != 0;
    if (any) factors[t] = starts[t].eq(0).to(options.requires_grad(false)).unsqueeze(1);
  }
  return factors;
}

class Lstm : public torch::autograd::Function<Lstm> {
 public:
  static torch::autograd::variable_list forward(torch::autograd::AutogradContext* context,
                                                const at::Tensor& inputs, const at::Tensor& recurrent,
                                                const at::Tensor& h0, const at::Tensor& c0,
                                                const at::Tensor& starts) {
    const std::int64_t steps = inputs.size(0), batch = inputs.size(1), width = recurrent.size(1);
    const StageScope scope(Stage::kLstm, static_cast<double>(steps * batch * recurrent.numel()));
    const auto factors = factors_of(starts, inputs.options());
    // OpenBLAS is faster with the transpose laid out, but not so much that one step pays for the copy.
    const at::Tensor recurrent_t = steps > 1 ? recurrent.t().contiguous() : recurrent.t();
    const at::Tensor gates = at::empty_like(inputs);                                 // Activated.
    const at::Tensor before_h = at::empty({steps, batch, width}, inputs.options());  // After any reset.
    const at::Tensor before_c = at::empty_like(before_h);
    const at::Tensor tanh_c = at::empty_like(before_h), outputs = at::empty_like(before_h);
    at::Tensor h = h0, c = c0;
    for (std::int64_t t = 0; t < steps; ++t) {
      at::Tensor from_h = before_h[t], from_c = before_c[t], gate = gates[t], squashed = tanh_c[t],
                 out = outputs[t];
      if (factors[t].defined()) {
        at::mul_out(from_h, h, factors[t]);
        at::mul_out(from_c, c, factors[t]);
      } else {
        from_h.copy_(h);
        from_c.copy_(c);
      }
      at::addmm_out(gate, inputs[t], from_h, recurrent_t);
      gate.narrow(1, 0, 3 * width).sigmoid_();
      at::Tensor candidate = gate.narrow(1, 3 * width, width).tanh_();
      c = at::addcmul(gate.narrow(1, 2 * width, width) * from_c, gate.narrow(1, width, width), candidate);
      at::tanh_out(squashed, c);
      at::mul_out(out, gate.narrow(1, 0, width), squashed);
      h = out;
    }
    context->save_for_backward({recurrent, gates, before_h, before_c, tanh_c, starts});
    at::Tensor last_h = h.clone();
    context->mark_non_differentiable({last_h, c});
    return {outputs, last_h, c};
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &recurrent = saved[0], &gates = saved[1], &before_h = saved[2], &before_c = saved[3],
                     &tanh_c = saved[4], &starts = saved[5], &doutputs = gradients[0];
    const std::int64_t steps = gates.size(0), batch = gates.size(1), width = recurrent.size(1);
    const StageScope scope(Stage::kLstm, static_cast<double>(2 * steps * batch * recurrent.numel()));
    const auto factors = factors_of(starts, gates.options());

    // What multiplies dh and dc in each step, for the whole sequence at once.
    const at::Tensor blocks = gates.view({steps, batch, 4, width});
    const at::Tensor o = blocks.select(2, 0), i = blocks.select(2, 1), f = blocks.select(2, 2),
                     g = blocks.select(2, 3);
    const at::Tensor dc_by_dh = o * (1 - tanh_c * tanh_c);
    const at::Tensor do_by_dh = tanh_c * o * (1 - o);
    const at::Tensor by_dc = at::stack({g * i * (1 - i), before_c * f * (1 - f), i * (1 - g * g)}, 2);

    const at::Tensor dgates = at::empty_like(gates);
    at::Tensor dh = at::zeros({batch, width}, gates.options()), dc = at::zeros_like(dh);
    for (std::int64_t t = steps - 1; t >= 0; --t) {
      dh.add_(doutputs[t]);
      dc.addcmul_(dh, dc_by_dh[t]);
      at::Tensor dgate = dgates[t].view({batch, 4, width});
      at::Tensor dgate_o = dgate.select(1, 0), dgate_ifg = dgate.narrow(1, 1, 3);
      at::mul_out(dgate_o, dh, do_by_dh[t]);
      at::mul_out(dgate_ifg, by_dc[t], dc.unsqueeze(1));
      at::mm_out(dh, dgates[t], recurrent);
      dc.mul_(f[t]);
      if (factors[t].defined()) {
        dh.mul_(factors[t]);
        dc.mul_(factors[t]);
      }
    }
    const at::Tensor drecurrent =
        product(dgates.view({steps * batch, 4 * width}).t(), before_h.view({steps * batch, width}).t());
    const at::Tensor none;
    return {dgates, drecurrent, none, none, none};
  }
};

}  // namespace

std::tuple<at::Tensor, at::Tensor, at::Tensor> lstm(const at::Tensor& inputs, const at::Tensor& recurrent,
                                                    const at::Tensor& h, const at::Tensor& c,
                                                    const at::Tensor& starts) {
  CHRYSALIS_CHECK(inputs.dim() == 3 && inputs.size(2) == 4 * recurrent.size(1) &&
                  recurrent.size(0) == inputs.size(2));
  const auto results = Lstm::apply(inputs, recurrent, h, c, starts);
  return {results[0], results[1], results[2]};
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> twice_differentiable_lstm(const at::Tensor& inputs,
                                                                         const at::Tensor& recurrent,
                                                                         const at::Tensor& h0,
                                                                         const at::Tensor& c0,
                                                                         const at::Tensor& starts) {
  const StageScope scope(Stage::kLstm,
                         static_cast<double>(inputs.size(0) * inputs.size(1) * recurrent.numel()));
  const auto factors = factors_of(starts, inputs.options());
  const at::Tensor recurrent_t = recurrent.t();
  at::Tensor h = h0.detach(), c = c0.detach();
  std::vector<at::Tensor> outputs;
  for (std::int64_t t = 0; t < inputs.size(0); ++t) {
    if (factors[t].defined()) {
      h = h * factors[t];
      c = c * factors[t];
    }
    const auto gates = at::addmm(inputs[t], h, recurrent_t).chunk(4, 1);
    c = gates[2].sigmoid() * c + gates[1].sigmoid() * gates[3].tanh();
    h = gates[0].sigmoid() * c.tanh();
    outputs.push_back(h);
  }
  return {at::stack(outputs), h.detach(), c.detach()};
}

}  // namespace chrysalis
