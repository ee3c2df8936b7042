#include "chrysalis/population/decision.h"

#include <algorithm>

#include "chrysalis/core/random.h"

namespace chrysalis {
namespace {

// What a decision draws. Values are part of the meaning of a seed: append, never renumber.
enum class Draw : std::uint64_t { kPartner = 0, kWhetherToExplore = 1, kOperators = 2, kReplacement = 3 };

RandomKey draw_key(std::uint64_t seed, std::int64_t member, std::int64_t number, Draw draw) {
  return RandomKey(seed, Purpose::kPopulation,
                   {static_cast<std::uint64_t>(member), static_cast<std::uint64_t>(number),
                    static_cast<std::uint64_t>(draw)});
}

std::vector<double> newest(std::span<const double> returns, std::int64_t count) {
  const std::span<const double> last =
      returns.last(std::min(returns.size(), static_cast<std::size_t>(count)));
  return {last.begin(), last.end()};
}

const Published* find_member(std::span<const Published> published, std::int64_t member) {
  const auto found = std::ranges::find(published, member, &Published::member);
  return found == published.end() ? nullptr : &*found;
}

void check_inputs(const DecisionInputs& inputs) {
  CHRYSALIS_CHECK(inputs.member >= 0 && inputs.number >= 0);
  std::vector<std::int64_t> members = {inputs.member};
  for (const Published& other : inputs.published) {
    CHRYSALIS_CHECK_EQ(other.values.size(), inputs.values.size());
    members.push_back(other.member);
  }
  std::ranges::sort(members);
  CHRYSALIS_CHECK(std::ranges::adjacent_find(members) == members.end(), "a member stands twice");
}

Decision begin_decision(const DecisionInputs& inputs) {
  Decision decision;
  decision.member = inputs.member;
  decision.number = inputs.number;
  decision.before.assign(inputs.values.begin(), inputs.values.end());
  decision.after = decision.before;
  return decision;
}

void copy_from(const Published& partner, Outcome outcome, Decision& decision) {
  decision.outcome = outcome;
  decision.partner = partner.member;
  decision.partner_update = partner.update;
  decision.partner_checkpoint = partner.checkpoint;
  decision.after = partner.values;
}

// Why two members cannot be compared; empty where they can.
std::string too_few(const Decision& decision, bool partner_published, std::int64_t wanted) {
  if (!partner_published) return fmt::format("member {} has published nothing yet", decision.partner);
  const auto lacks = [wanted](const std::vector<double>& returns) {
    return static_cast<std::int64_t>(returns.size()) < wanted;
  };
  std::string who;
  if (lacks(decision.own_returns))
    who = fmt::format("member {} has {}", decision.member, decision.own_returns.size());
  if (lacks(decision.partner_returns))
    who += fmt::format("{}member {} has {}", who.empty() ? "" : " and ", decision.partner,
                       decision.partner_returns.size());
  return who.empty() ? "" : fmt::format("{} of the {} returns since its last copy to compare", who, wanted);
}

void exploit(const DecisionInputs& inputs, const PopulationConfig& config, Decision& decision) {
  const Published* partner = find_member(inputs.published, decision.partner);
  decision.own_returns = newest(inputs.returns, config.compare_episodes);
  if (partner != nullptr) {
    decision.partner_update = partner->update;
    decision.partner_returns = newest(partner->returns, config.compare_episodes);
  }
  decision.reason = too_few(decision, partner != nullptr, config.compare_episodes);
  if (!decision.reason.empty()) return;

  const WelchTest test = welch_test(decision.own_returns, decision.partner_returns);
  const bool better = test.p < config.significance;
  decision.test = test;
  decision.outcome = Outcome::kKept;
  if (better) copy_from(*partner, Outcome::kCopied, decision);
  decision.reason =
      fmt::format("member {}'s mean {:.6g} is {} than this one's {:.6g}: p {:.3g} {} {}", decision.partner,
                  test.other_mean, better ? "greater" : "not significantly greater", test.own_mean, test.p,
                  better ? "<" : ">=", config.significance);
}

}  // namespace

std::string_view outcome_name(Outcome outcome) {
  switch (outcome) {
    case Outcome::kCopied:
      return "copied";
    case Outcome::kKept:
      return "kept";
    case Outcome::kNotReady:
      return "not_ready";
    case Outcome::kReplaced:
      return "replaced";
  }
  CHRYSALIS_CHECK(false, "outcome {}", static_cast<int>(outcome));
}

bool is_ready(std::int64_t episodes_since_last_decision, const PopulationConfig& config) {
  return config.size >= 2 && episodes_since_last_decision >= config.ready_episodes;
}

std::int64_t partner_of(std::uint64_t seed, std::int64_t member, std::int64_t number, std::int64_t size) {
  CHRYSALIS_CHECK(size >= 2 && member >= 0 && member < size, "member {} of {}", member, size);
  RandomStream stream(draw_key(seed, member, number, Draw::kPartner));
  const auto other = static_cast<std::int64_t>(stream.below(static_cast<std::uint64_t>(size) - 1));
  return other < member ? other : other + 1;
}

Decision decide(const DecisionInputs& inputs, std::span<const Tuned> tuned, const PopulationConfig& config,
                std::uint64_t seed) {
  check_inputs(inputs);
  Decision decision = begin_decision(inputs);
  decision.partner = partner_of(seed, inputs.member, inputs.number, config.size);
  exploit(inputs, config, decision);

  RandomStream chance(draw_key(seed, inputs.member, inputs.number, Draw::kWhetherToExplore));
  decision.explored = chance.chance(config.explore_probability);
  if (decision.explored)
    decision.after =
        explore(decision.after, tuned, draw_key(seed, inputs.member, inputs.number, Draw::kOperators));
  return decision;
}

Result<Decision> replacement(const DecisionInputs& inputs, std::span<const std::int64_t> tried,
                             std::string_view why, std::uint64_t seed) {
  check_inputs(inputs);
  std::vector<const Published*> eligible;
  for (const Published& other : inputs.published)
    if (std::ranges::find(tried, other.member) == tried.end()) eligible.push_back(&other);
  if (eligible.empty())
    return Error{
        ErrorCode::kDiverged,
        fmt::format(
            "member {} diverged ({}) and no healthy member is left to replace it{}", inputs.member, why,
            tried.empty() ? "" : fmt::format("; copies of members {} diverged too", fmt::join(tried, ", ")))};
  // The order in which the others are handed in must not matter.
  std::ranges::sort(eligible, {}, &Published::member);
  RandomStream stream(draw_key(seed, inputs.member, inputs.number, Draw::kReplacement));
  const Published& chosen = *eligible[stream.below(eligible.size())];

  Decision decision = begin_decision(inputs);
  copy_from(chosen, Outcome::kReplaced, decision);
  decision.reason = fmt::format("member {} diverged: {}", inputs.member, why);
  return decision;
}

}  // namespace chrysalis
