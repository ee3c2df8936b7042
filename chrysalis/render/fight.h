// What laser tag adds to a picture: players, orbs on their way, and the lights of what they did.
#pragma once

#include "chrysalis/render/draw_list.h"
#include "chrysalis/world/world.h"

namespace chrysalis {

// No more polygons than this come from so many players, what they shoot and what lights up around them; no
// mesh of theirs has more vertices.
std::size_t fight_face_count(std::size_t players);
std::size_t fight_vertex_count();

// Everyone alive but the viewer (kNobody: everyone).
void add_players(const Camera& camera, const World& world, int viewer, DrawList& list);
void add_projectiles(const Camera& camera, const World& world, DrawList& list);
// All but what surrounds the viewer's own eye: the light of its own coming and going.
void add_effects(const Camera& camera, const World& world, int viewer, DrawList& list);

}  // namespace chrysalis
