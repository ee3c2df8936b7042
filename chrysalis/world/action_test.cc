#include "chrysalis/world/action.h"

#include <gtest/gtest.h>

namespace chrysalis {
namespace {

TEST(RawAction, TakesItsPartsInOrder) {
  const auto action = make_raw_action({-512, 512, 1, -1, 1, 0, 1});
  ASSERT_TRUE(action);
  EXPECT_EQ(*action, (RawAction{.look_right = -512,
                                .look_down = 512,
                                .strafe_right = 1,
                                .move_forward = -1,
                                .fire = 1,
                                .jump = 0,
                                .crouch = 1}));
  EXPECT_EQ(action->parts(), (std::array<int, 7>{-512, 512, 1, -1, 1, 0, 1}));
}

TEST(RawAction, NamesThePartThatIsOutOfRange) {
  for (std::size_t i = 0; i < kRawActionParts.size(); ++i) {
    const RawActionPart& part = kRawActionParts[i];
    for (const int value : {part.min - 1, part.max + 1}) {
      std::array<int, 7> parts{};
      parts[i] = value;
      const auto action = make_raw_action(parts);
      ASSERT_FALSE(action);
      EXPECT_EQ(action.error().message,
                fmt::format("{} is {}, expected {} to {}", part.name, value, part.min, part.max));
    }
  }
}

}  // namespace
}  // namespace chrysalis
