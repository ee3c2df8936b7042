#include "chrysalis/world/material.h"

#include <gtest/gtest.h>

#include <set>

namespace chrysalis {
namespace {

TEST(MaterialTest, NamesAreUniqueAndFound) {
  std::set<std::string> names;
  const auto catalog = material_catalog();
  for (std::size_t id = 0; id < catalog.size(); ++id) {
    EXPECT_TRUE(names.insert(catalog[id].name).second) << catalog[id].name;
    const auto found = find_material(catalog[id].name);
    ASSERT_TRUE(found.ok()) << catalog[id].name;
    EXPECT_EQ(*found, id);
  }
}

TEST(MaterialTest, AnUnknownNameNamesTheNearest) {
  const auto near = find_material("maze_gren");
  ASSERT_FALSE(near.ok());
  EXPECT_EQ(near.error().message, "no material \"maze_gren\"; the nearest is \"maze_green\"");
  const auto far = find_material("zzzzzzzzzzzzzzzzzzzzzzzzzzzzzz");
  ASSERT_FALSE(far.ok());
  EXPECT_EQ(far.error().message, "no material \"zzzzzzzzzzzzzzzzzzzzzzzzzzzzzz\"");
}

TEST(MaterialTest, SetsAreDisjointRunsOfTheirKind) {
  const auto catalog = material_catalog();
  std::set<MaterialId> seen;
  for (int i = 0; i < kThemeWallCount; ++i) {
    EXPECT_TRUE(catalog[theme_wall(i)].name.starts_with("wall_"));
    EXPECT_TRUE(seen.insert(theme_wall(i)).second);
  }
  for (int i = 0; i < kThemeFloorCount; ++i) {
    EXPECT_TRUE(catalog[theme_floor(i)].name.starts_with("floor_"));
    EXPECT_TRUE(seen.insert(theme_floor(i)).second);
  }
  for (int i = 0; i < kPictureCount; ++i) {
    EXPECT_EQ(catalog[picture(i)].pattern, Pattern::kPicture);
    EXPECT_TRUE(seen.insert(picture(i)).second);
  }
}

TEST(MaterialTest, TheMazesCeilingIsFlatLightAndSelfLit) {
  const Material& ceiling = material_catalog()[*find_material("ceiling_light_blue")];
  EXPECT_EQ(ceiling.base, (Rgb{150, 224, 255}));
  EXPECT_EQ(ceiling.pattern, Pattern::kPlain);
  EXPECT_TRUE(ceiling.self_lit);
}

TEST(MaterialDeathTest, AnIndexOutsideItsSetIsABug) {
  EXPECT_DEATH(theme_wall(20), "20 of 20");
  EXPECT_DEATH(picture(-1), "-1 of 80");
}

}  // namespace
}  // namespace chrysalis
