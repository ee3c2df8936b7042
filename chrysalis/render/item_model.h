// What items look like, and how they hover.
#pragma once

#include "chrysalis/render/mesh.h"
#include "chrysalis/world/gadget.h"
#include "chrysalis/world/item.h"

namespace chrysalis {

// A gadget has one colour wherever it shows: where it lies, in a hand, and in what it shoots.
Rgb gadget_colour(Gadget gadget);

const Mesh& item_mesh(ItemKind kind);

// Items bob by 0 to 8 u and turn, each with a phase of its own.
Pose item_pose(const Item& item, int item_index, std::int64_t frame);

}  // namespace chrysalis
