#include "chrysalis/bots/navigation.h"

#include <gtest/gtest.h>

#include <chrono>

namespace chrysalis {
namespace {
TEST(Scratch, Chasm) {
  Map map;
  map.name = "chasm";
  map.solids = {{{-320, 64, -16}, {320, 320, 0}},     {{-320, -320, -16}, {320, -64, 0}},
                {{-336, -336, -64}, {336, 336, -48}}, {{-336, -336, -64}, {-320, 336, 192}},
                {{320, -336, -64}, {336, 336, 192}},  {{-320, 320, -64}, {320, 336, 192}},
                {{-320, -336, -64}, {320, -320, 192}}};
  map.kill_volumes = {{{-320, -64, -32}, {320, 64, -16}}};
  for (float x : {-280.f, 0.f, 280.f}) {
    map.spawns.push_back({{x, 280, 0}});
    map.spawns.push_back({{x, -280, 0}});
  }
  for (int i = -3; i <= 3; ++i) map.items.push_back({ItemKind::kBeam, {i * 80.f, 0, 72}});
  map.finish();
  auto t0 = std::chrono::steady_clock::now();
  NavigationGraph g(map);
  auto t1 = std::chrono::steady_clock::now();
  printf("nodes %d leaps %zu ms %f\n", g.node_count(), g.leaps().size(),
         std::chrono::duration<double>(t1 - t0).count() * 1e3);
  for (auto& a : g.access())
    printf("%d %d %d %d %d\n", a.node, a.leaps[0], a.leaps[1], a.leaps[2], a.leaps[3]);
  for (auto& l : g.leaps())
    printf("leap (%g %g)->(%g %g) off %g %g land %g %g gap %g start %g %g\n", g.position(l.from).x,
           g.position(l.from).y, g.position(l.to).x, g.position(l.to).y, l.take_off.x, l.take_off.y,
           l.landing.x, l.landing.y, l.gap, l.start.x, l.start.y);
}
}  // namespace
}  // namespace chrysalis
