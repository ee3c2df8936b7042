#include "chrysalis/cli/player_input.h"

#include <gtest/gtest.h>

namespace chrysalis {
namespace {

RawAction action_while(std::initializer_list<Key> held) {
  PlayerInput input(1.0);
  for (const Key key : held) input.press(key);
  return input.next_action();
}

TEST(PlayerInput, EachKeyIsItsPartOfTheAction) {
  EXPECT_EQ(action_while({}), RawAction());
  EXPECT_EQ(action_while({Key::kW}), RawAction{.move_forward = 1});
  EXPECT_EQ(action_while({Key::kUp}), RawAction{.move_forward = 1});
  EXPECT_EQ(action_while({Key::kS}), RawAction{.move_forward = -1});
  EXPECT_EQ(action_while({Key::kDown}), RawAction{.move_forward = -1});
  EXPECT_EQ(action_while({Key::kA}), RawAction{.strafe_right = -1});
  EXPECT_EQ(action_while({Key::kLeft}), RawAction{.strafe_right = -1});
  EXPECT_EQ(action_while({Key::kD}), RawAction{.strafe_right = 1});
  EXPECT_EQ(action_while({Key::kRight}), RawAction{.strafe_right = 1});
  EXPECT_EQ(action_while({Key::kSpace}), RawAction{.jump = 1});
  EXPECT_EQ(action_while({Key::kLeftControl}), RawAction{.crouch = 1});
  EXPECT_EQ(action_while({Key::kRightControl}), RawAction{.crouch = 1});
  EXPECT_EQ(action_while({Key::kC}), RawAction{.crouch = 1});
  EXPECT_EQ(action_while({Key::kMouseLeft}), RawAction{.fire = 1});
  EXPECT_EQ(action_while({Key::kP, Key::kEscape}), RawAction());
}

TEST(PlayerInput, KeysTogetherAddUpAndOppositesCancel) {
  EXPECT_EQ(action_while({Key::kW, Key::kUp, Key::kD, Key::kSpace, Key::kMouseLeft}),
            (RawAction{.strafe_right = 1, .move_forward = 1, .fire = 1, .jump = 1}));
  EXPECT_EQ(action_while({Key::kW, Key::kDown, Key::kA, Key::kRight}), RawAction());
}

TEST(PlayerInput, AKeyIsHeldUntilItIsReleased) {
  PlayerInput input(1.0);
  input.press(Key::kW);
  input.press(Key::kUp);
  EXPECT_EQ(input.next_action().move_forward, 1);
  input.release(Key::kW);
  EXPECT_EQ(input.next_action().move_forward, 1);  // The other key of two is still down.
  input.release(Key::kUp);
  EXPECT_EQ(input.next_action().move_forward, 0);
  input.release(Key::kUp);
  EXPECT_EQ(input.next_action(), RawAction());
}

TEST(PlayerInput, ATapShorterThanAFrameCountsForOne) {
  PlayerInput input(1.0);
  input.press(Key::kMouseLeft);
  input.release(Key::kMouseLeft);
  EXPECT_EQ(input.next_action().fire, 1);
  EXPECT_EQ(input.next_action().fire, 0);
}

TEST(PlayerInput, TheMouseTurnsByItsCountsOnce) {
  PlayerInput input(1.0);
  input.move_mouse(30, -7);
  input.move_mouse(-10, 0);
  EXPECT_EQ(input.next_action(), (RawAction{.look_right = 20, .look_down = -7}));
  EXPECT_EQ(input.next_action(), RawAction());
}

TEST(PlayerInput, WhatAFrameCannotTurnIsTurnedInTheNext) {
  PlayerInput input(1.0);
  input.move_mouse(-1100, 513);
  EXPECT_EQ(input.next_action(), (RawAction{.look_right = -512, .look_down = 512}));
  EXPECT_EQ(input.next_action(), (RawAction{.look_right = -512, .look_down = 1}));
  EXPECT_EQ(input.next_action(), (RawAction{.look_right = -76}));
  EXPECT_EQ(input.next_action(), RawAction());
}

TEST(PlayerInput, FractionsOfALookUnitAddUp) {
  PlayerInput input(0.25);
  int turned = 0;
  for (int i = 0; i < 10; ++i) {
    input.move_mouse(-1, 6);
    const RawAction action = input.next_action();
    turned += action.look_right;
    EXPECT_EQ(action.look_down, i % 2 == 0 ? 1 : 2);
  }
  EXPECT_EQ(turned, -2);
}

TEST(PlayerInput, ClearForgetsKeysAndMouse) {
  PlayerInput input(2.0);
  input.press(Key::kW);
  input.press(Key::kMouseLeft);
  input.move_mouse(600, 600);
  input.clear();
  EXPECT_EQ(input.next_action(), RawAction());
  input.move_mouse(1, 0);
  EXPECT_EQ(input.next_action(), RawAction{.look_right = 2});
}

}  // namespace
}  // namespace chrysalis
