#include "chrysalis/mixmatch/transfer.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include <string>

#include "chrysalis/core/check.h"
#include "chrysalis/core/field.h"
#include "chrysalis/mixmatch/mixture.h"

namespace chrysalis {
namespace {

at::Tensor nothing_to_transfer(const at::Tensor& log_policy) {
  return at::zeros(log_policy.sizes().slice(0, log_policy.dim() - 1), log_policy.options());
}

// pi_2 where pi_1 may go: elsewhere the terms of KL(pi_1 || pi_2) are 0. As long as log_1.
at::Tensor student(const TransferInputs& in) {
  return in.indices.empty() ? in.log_2 : select_actions(in.log_2, in.indices);
}

at::Tensor kl_loss(const TransferInputs& in) {
  return (1 - in.alpha) * kl(in.log_1, student(in));
}

at::Tensor kl_mixture_loss(const TransferInputs& in) {
  if (in.alpha == 0) return kl_loss(in);
  const at::Tensor mixture = in.indices.empty()
                                 ? mix(in.log_1, in.log_2, in.alpha)
                                 : mix_subset(in.log_1, in.indices, in.log_2, in.log_2.size(-1), in.alpha);
  return kl(mixture, in.log_2);
}

at::Tensor cross_entropy_loss(const TransferInputs& in) {
  return (1 - in.alpha) * cross_entropy(in.log_1.detach(), student(in));
}

at::Tensor activations_loss(const TransferInputs& in) {
  CHRYSALIS_CHECK(in.core_1.sizes() == in.core_2.sizes(), "cores of {} and {} outputs", in.core_1.numel(),
                  in.core_2.numel());
  const at::Tensor distance = (in.core_1 - in.core_2).square().mean(-1);
  return kl_loss(in) + (1 - in.alpha) * in.activation_weight * distance;
}

// Directions in the space of pi_1's actions, N(0, 1), as long as log_1. The number at a step and an action
// depends on neither the other actions nor on how pi_1 is given: it is the draw at that place of the key's
// stream, and a normal draw takes two words.
at::Tensor directions(const TransferInputs& in, int projection) {
  const std::int64_t steps = in.log_1.size(0) * in.log_1.size(1), count = in.log_1.size(2);
  const auto joint_count = static_cast<std::uint64_t>(in.log_2.size(2));
  const at::Tensor drawn = at::empty({steps, count}, at::kDouble);
  auto drawn_at = drawn.accessor<double, 2>();
  const std::uint64_t key = in.key.split(static_cast<std::uint64_t>(projection)).value();
  for (std::int64_t step = 0; step < steps; ++step) {
    for (std::int64_t a = 0; a < count; ++a) {
      const auto action = static_cast<std::uint64_t>(in.indices.empty() ? a : in.indices[a]);
      const std::uint64_t place = static_cast<std::uint64_t>(step) * joint_count + action;
      drawn_at[step][a] = RandomStream(key, 2 * place).normal();
    }
  }
  return drawn.view(in.log_1.sizes()).to(in.log_1.options().requires_grad(false));
}

at::Tensor sobolev_loss(const TransferInputs& in) {
  CHRYSALIS_CHECK(in.projections >= 1, "{} projections", in.projections);
  CHRYSALIS_CHECK(in.features.requires_grad(), "features without a gradient");
  const std::int64_t steps = in.log_1.size(0), batch = in.log_1.size(1), width = in.features.size(-1);
  CHRYSALIS_CHECK(in.features.numel() >= steps * batch * width, "features of {} steps, policies of {}",
                  in.features.numel() / width, steps * batch);
  const at::Tensor difference = (in.log_1 - student(in)).masked_fill(in.log_1.isneginf(), 0);
  at::Tensor distance;
  for (int projection = 0; projection < in.projections; ++projection) {
    // The derivative is linear, so one backward pass gives v J_1 - v J_2.
    const at::Tensor projected = (directions(in, projection) * difference).sum();
    const at::Tensor gradient =
        torch::autograd::grad({projected}, {in.features}, {}, /*retain_graph=*/true, /*create_graph=*/true,
                              /*allow_unused=*/true)[0];
    CHRYSALIS_CHECK(gradient.defined(), "neither policy was computed from the features");
    CHRYSALIS_CHECK(gradient.requires_grad(), "what is above the features can be differentiated only once");
    const at::Tensor squares = gradient.reshape({-1, width}).square().sum(-1).narrow(0, 0, steps * batch);
    distance = distance.defined() ? distance + squares : squares;
  }
  return kl_loss(in) + (1 - in.alpha) * in.sobolev_weight / in.projections * distance.view({steps, batch});
}

// What all losses share: their preconditions, and their end.
template <at::Tensor (*kLoss)(const TransferInputs&)>
at::Tensor until_all_is_transferred(const TransferInputs& in) {
  CHRYSALIS_CHECK(in.alpha >= 0 && in.alpha <= 1, "alpha is {}", in.alpha);
  if (in.alpha == 1) return nothing_to_transfer(in.log_2);
  const std::int64_t steps = in.log_2.size(0), batch = in.log_2.size(1);
  const std::int64_t actions =
      in.indices.empty() ? in.log_2.size(2) : static_cast<std::int64_t>(in.indices.size());
  CHRYSALIS_CHECK(in.log_1.sizes() == at::IntArrayRef({steps, batch, actions}),
                  "pi_1 has {} numbers, expected {} x {} x {}", in.log_1.numel(), steps, batch, actions);
  return kLoss(in);
}

}  // namespace

std::span<const TransferLossEntry> transfer_losses() {
  static constexpr TransferLossEntry kEntries[] = {
      {.name = "kl",
       .summary = "(1 - alpha) KL(pi_1 || pi_2)",
       .per_step = until_all_is_transferred<kl_loss>},
      {.name = "kl_mixture",
       .summary = "KL(pi_mm || pi_2), the lower bound of kl",
       .per_step = until_all_is_transferred<kl_mixture_loss>},
      {.name = "cross_entropy",
       .summary = "(1 - alpha) H(pi_1, pi_2), pi_1 held constant",
       .per_step = until_all_is_transferred<cross_entropy_loss>},
      {.name = "activations",
       .summary = "kl and the mean squared distance of the two cores' outputs",
       .uses_cores = true,
       .per_step = until_all_is_transferred<activations_loss>},
      {.name = "sobolev",
       .summary = "kl and the squared distance of the policies' Jacobians by random projections",
       .uses_features = true,
       .per_step = until_all_is_transferred<sobolev_loss>},
  };
  return kEntries;
}

Result<const TransferLossEntry*> find_transfer_loss(std::string_view name) {
  std::vector<std::string> names;
  for (const TransferLossEntry& entry : transfer_losses()) {
    if (entry.name == name) return &entry;
    names.emplace_back(entry.name);
  }
  return invalid_input("unknown transfer loss '{}': expected one of {}{}", name, fmt::join(names, ", "),
                       did_you_mean(name, names));
}

at::Tensor kl_chain(std::span<const at::Tensor> log_policies, std::span<const double> alphas) {
  CHRYSALIS_CHECK_EQ(log_policies.size(), alphas.size());
  check_mixture_weights(alphas);
  at::Tensor sum = nothing_to_transfer(log_policies.back());
  for (std::size_t i = 0; i + 1 < alphas.size(); ++i)
    if (alphas[i] != 0) sum = sum + alphas[i] * kl(log_policies[i], log_policies[i + 1]);
  return sum;
}

at::Tensor transfer_sum(const at::Tensor& per_step, TransferReduction reduction, std::int64_t batch_unrolls) {
  if (reduction == TransferReduction::kSum) return per_step.sum();
  CHRYSALIS_CHECK(batch_unrolls >= per_step.size(1), "{} unrolls of a batch of {}", per_step.size(1),
                  batch_unrolls);
  return per_step.sum() / static_cast<double>(batch_unrolls);
}

}  // namespace chrysalis
