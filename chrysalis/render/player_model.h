// What other players look like: a low-poly body that fills its box, in the three colours of an outfit, so
// that one sees which way it faces, how high it looks, what it holds and whether it walks.
#pragma once

#include <array>

#include "chrysalis/render/draw_list.h"
#include "chrysalis/world/body.h"
#include "chrysalis/world/fighter.h"

namespace chrysalis {

// Polygons of one player at most, and vertices of its largest mesh.
std::size_t player_face_count();
std::size_t player_vertex_count();

// The front in the outfit's first colour, the back in its second, head and shoulders in its third; a dark
// visor ahead, the gadget in the right hand.
void add_player(const Camera& camera, const Body& body, const Outfit& outfit, Gadget held, DrawList& list);

// For top-down views: an arrow along yaw, its tip in the palette's first colour, its wings in the second.
const Mesh& player_marker_mesh();

// Where the gadget in a player's hand ends.
Vec3 gadget_tip(const Body& body);

}  // namespace chrysalis
