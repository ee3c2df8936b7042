// Proposition 1 of the appendix, run: with the teacher fixed and data from any fixed mixture with
// alpha in (0, 1), minimising eq. 1 drives KL(pi_1 || pi_2) to 0 on every state that the mixture visits.
#include <torch/optim/lbfgs.h>

#include <set>

#include "chrysalis/mixmatch/mixture.h"
#include "chrysalis/mixmatch/policies_test.h"
#include "chrysalis/mixmatch/transfer.h"

namespace chrysalis {
namespace {

constexpr std::int64_t kStates = 40, kMoves = 5, kStateFeatures = 8, kVisits = 25, kUnrolls = 8;

// Where each action leads from each state: deterministic, drawn at random.
struct Mdp {
  explicit Mdp(RandomStream& random) {
    for (auto& row : next)
      for (std::int64_t& state : row) state = static_cast<std::int64_t>(random.below(kStates));
  }
  std::int64_t next[kStates][kMoves];
};

// [kVisits, kUnrolls] states on trajectories of the mixture `policy` [kStates, kMoves], all from state 0.
at::Tensor visit(const Mdp& mdp, const at::Tensor& policy, RandomStream& random) {
  const at::Tensor states = at::empty({kVisits, kUnrolls}, at::kLong);
  const double* probabilities = policy.data_ptr<double>();
  for (std::int64_t b = 0; b < kUnrolls; ++b) {
    std::int64_t state = 0;
    for (std::int64_t t = 0; t < kVisits; ++t) {
      states.data_ptr<std::int64_t>()[t * kUnrolls + b] = state;
      state = mdp.next[state][draw(random, {probabilities + state * kMoves, kMoves})];
    }
  }
  return states;
}

// A student that starts unlike its teacher is as the teacher wherever the mixture goes once eq. 1 is minimal.
void expect_proposition(double alpha, const std::vector<int>& teachers_actions) {
  RandomStream random(RandomKey(21));
  const Mdp mdp(random);
  // Enough features for the teacher, which is linear in them, too few to fit each state apart. The first is
  // constant, as a bias.
  const at::Tensor features = random_normal(random, {kStates, kStateFeatures});
  features.select(1, 0).fill_(1);
  const auto few = static_cast<std::int64_t>(teachers_actions.size());
  const at::Tensor teacher =
      expand_actions(features.matmul(random_normal(random, {kStateFeatures, few})).log_softmax(-1),
                     teachers_actions, kMoves);
  const at::Tensor weights = random_normal(random, {kStateFeatures, kMoves}).requires_grad_();
  const auto student = [&] { return features.matmul(weights).log_softmax(-1); };

  const at::Tensor mixture = mix(teacher, student().detach(), alpha).exp();
  const at::Tensor states = visit(mdp, mixture, random);
  const auto at_visited = [&](const at::Tensor& policy) {
    return policy.index_select(0, states.flatten()).view({kVisits, kUnrolls, kMoves});
  };
  const auto largest = [&] { return number(kl(at_visited(teacher), at_visited(student())).max()); };
  const std::set<double> visited = [&] {
    const std::vector<double> all = numbers(states);
    return std::set<double>(all.begin(), all.end());
  }();
  EXPECT_GT(visited.size(), 10u);
  EXPECT_LT(visited.size(), static_cast<std::size_t>(kStates));
  EXPECT_GT(largest(), 0.5);

  TransferInputs in;
  in.log_1 = at_visited(teacher);
  in.alpha = alpha;
  torch::optim::LBFGS optimizer({weights},
                                torch::optim::LBFGSOptions(1).max_iter(300).line_search_fn("strong_wolfe"));
  optimizer.step([&] {
    optimizer.zero_grad();
    in.log_2 = at_visited(student());
    const at::Tensor loss = transfer_sum(find_transfer_loss("kl").value()->per_step(in),
                                         TransferReduction::kMeanOverUnrolls, kUnrolls);
    loss.backward();
    return loss;
  });
  EXPECT_LT(largest(), 1e-3) << "alpha " << alpha << ", " << visited.size() << " states";
}

TEST(PropositionOne, HoldsForDataOfAMixtureNearTheTeacher) {
  expect_proposition(0.1, {0, 1, 2, 3, 4});
}

TEST(PropositionOne, HoldsForDataOfAMixtureNearTheStudent) {
  expect_proposition(0.9, {0, 1, 2, 3, 4});
}

// A student has a probability for every action, so it comes as near as it likes but never arrives.
TEST(PropositionOne, HoldsForATeacherOverASubsetOfTheActions) {
  for (const double alpha : {0.1, 0.9}) expect_proposition(alpha, {3, 0});
}

}  // namespace
}  // namespace chrysalis
