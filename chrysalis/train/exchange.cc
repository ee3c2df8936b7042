#include "chrysalis/train/exchange.h"

#include <algorithm>

#include "chrysalis/core/check.h"

namespace chrysalis {

void Exchange::publish(Published publication) {
  auto& of_member = published_[static_cast<std::size_t>(publication.member)];
  CHRYSALIS_CHECK(of_member.empty() || of_member.back().update <= publication.update);
  if (!of_member.empty() && of_member.back().update == publication.update) of_member.pop_back();
  of_member.push_back(std::move(publication));
  if (!deterministic_ && of_member.size() > 1) of_member.pop_front();
}

const Published* Exchange::view(std::int64_t member, std::int64_t update) const {
  CHRYSALIS_CHECK(update >= 1);
  const auto& of_member = published_[static_cast<std::size_t>(member)];
  if (!deterministic_) return of_member.empty() ? nullptr : &of_member.back();
  const auto found = std::ranges::find(of_member, wanted(update), &Published::update);
  return found == of_member.end() ? nullptr : &*found;
}

std::int64_t Exchange::needed_from(std::int64_t saved) const {
  if (deterministic_) return wanted(saved + 1);
  std::int64_t oldest = saved;
  for (const auto& of_member : published_)
    if (!of_member.empty()) oldest = std::min(oldest, of_member.back().update);
  return oldest;
}

void Exchange::forget(std::span<const std::int64_t> done) {
  if (!deterministic_) return;
  const std::int64_t oldest = wanted(*std::ranges::min_element(done) + 1);
  for (auto& of_member : published_)
    while (of_member.size() > 1 && of_member.front().update < oldest) of_member.pop_front();
}

}  // namespace chrysalis
