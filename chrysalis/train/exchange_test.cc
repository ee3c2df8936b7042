#include "chrysalis/train/exchange.h"

#include <gtest/gtest.h>

namespace chrysalis {
namespace {

Published at(std::int64_t member, std::int64_t update) {
  Published published;
  published.member = member;
  published.update = update;
  return published;
}

TEST(Exchange, ShowsWhatWasPublishedAtTheLastMultipleBeforeTheUpdate) {
  Exchange exchange(2, 5, /*deterministic=*/true);
  EXPECT_EQ(exchange.view(1, 1), nullptr);
  exchange.publish(at(1, 0));
  exchange.publish(at(1, 5));
  exchange.publish(at(1, 10));
  EXPECT_EQ(exchange.view(1, 1)->update, 0);
  EXPECT_EQ(exchange.view(1, 5)->update, 0);  // Strictly before: nobody waits for somebody who waits for him.
  EXPECT_EQ(exchange.view(1, 6)->update, 5);
  EXPECT_EQ(exchange.view(1, 11)->update, 10);
  EXPECT_EQ(exchange.view(1, 16), nullptr);
  EXPECT_TRUE(exchange.due(10));
  EXPECT_FALSE(exchange.due(11));
}

TEST(Exchange, ForgetsWhatNobodyAsksForAgain) {
  Exchange exchange(2, 5, /*deterministic=*/true);
  for (const std::int64_t update : {0, 5, 10}) exchange.publish(at(1, update));
  const std::int64_t done[] = {7, 12};
  exchange.forget(done);  // Member 0 decides after update 8 at the earliest: it looks for 5.
  EXPECT_EQ(exchange.view(1, 5), nullptr);
  EXPECT_EQ(exchange.view(1, 8)->update, 5);
  EXPECT_EQ(exchange.view(1, 12)->update, 10);
  EXPECT_EQ(exchange.needed_from(7), 5);
  EXPECT_EQ(exchange.needed_from(10), 10);
}

TEST(Exchange, ShowsTheNewestWhereTheClockMayCount) {
  Exchange exchange(2, 5, /*deterministic=*/false);
  exchange.publish(at(1, 0));
  exchange.publish(at(1, 3));
  EXPECT_EQ(exchange.view(1, 1)->update, 3);
  EXPECT_EQ(exchange.view(1, 100)->update, 3);
  EXPECT_EQ(exchange.needed_from(7), 3);  // The newest of each, though its member may have gone on since.
  exchange.publish(at(0, 2));
  EXPECT_EQ(exchange.needed_from(7), 2);
}

}  // namespace
}  // namespace chrysalis
