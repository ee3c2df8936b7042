#include "chrysalis/render/mesh.h"

#include <gtest/gtest.h>

#include <cmath>

#include "chrysalis/render/item_model.h"

namespace chrysalis {
namespace {

TEST(MeshTest, ABoxIsClosedAndItsSidesFaceOutwards) {
  Mesh mesh;
  append_box(mesh, {-1, -2, -3}, {1, 2, 3}, {10, 20, 30});
  finish_mesh(mesh);
  ASSERT_EQ(mesh.faces.size(), 6U);
  Vec3 sum;
  for (const MeshFace& face : mesh.faces) {
    const Vec3 n = face.normal;
    EXPECT_EQ(face.offset, std::abs(n.x) + 2 * std::abs(n.y) + 3 * std::abs(n.z));
    EXPECT_EQ(length(n), 1.0f);
    sum += n;
  }
  EXPECT_EQ(sum, Vec3{});
  EXPECT_FLOAT_EQ(mesh.radius, std::sqrt(14.0f));
}

TEST(MeshTest, TheFirstFaceOfARevolutionLooksWhereItIsTold) {
  Mesh mesh;
  append_revolution(mesh, {{5, 1, {}}, {5, -1, {}}}, 6, 90);
  finish_mesh(mesh);
  EXPECT_NEAR(mesh.faces[0].normal.y, 1, 1e-6);
}

TEST(MeshTest, EveryFaceIsPlanarAndNoneIsEmpty) {
  for (std::size_t kind = 0; kind < kItemKindCount; ++kind) {
    const Mesh& mesh = item_mesh(static_cast<ItemKind>(kind));
    for (const MeshFace& face : mesh.faces) {
      EXPECT_NEAR(length(face.normal), 1, 1e-4) << kind;
      for (int k = 0; k < face.corner_count; ++k)
        EXPECT_NEAR(dot(face.normal, mesh.vertices[face.corners[k]]), face.offset, 1e-3) << kind;
    }
  }
}

}  // namespace
}  // namespace chrysalis
