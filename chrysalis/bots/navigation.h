// Where one can walk on a map, and jump: a graph computed from the map alone. Nodes stand on a grid, as many
// above each other as there are floors; what no spawn of the map leads to is left out.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "chrysalis/core/vec3.h"
#include "chrysalis/world/map.h"

namespace chrysalis {

inline constexpr int kNowhere = -1;  // No node, no leap.

// A running jump over a place without a floor.
struct Leap {
  int from = kNowhere;  // Nodes.
  int to = kNowhere;
  Vec3 start;        // Where the run-up begins: as far back as there is straight floor, a few strides.
  Vec3 take_off;     // The last place on the way at which a box still stands, and the first that it then
  Vec3 landing;      // reaches. Both at the feet.
  Vec3 direction;    // Level, of length 1.
  float gap = 0.0f;  // From take-off to landing.
};

// How to get at what the map places.
struct Access {
  int node = kNowhere;                       // Who comes here takes it on the way.
  std::array<int, 4> leaps{-1, -1, -1, -1};  // Else who makes one of these; the straightest first.
};

// Immutable once built; safe to read from any thread. Costs some ms to build, for the arenas, and some 100
// bytes a node. Positions are those of feet.
class NavigationGraph {
 public:
  // At most so many columns of nodes, nodes, and distances that are kept: of maps that have more, the grid is
  // coarser. So no map takes more than some MiB.
  static constexpr int kColumnsMax = 8192;
  static constexpr int kNodesMax = 8192;
  static constexpr std::size_t kDistancesMax = std::size_t{1} << 22;

  // finish() of the map must have run.
  explicit NavigationGraph(const Map& map);

  int node_count() const { return static_cast<int>(nodes_.size()); }
  Vec3 position(int node) const { return nodes_[static_cast<std::size_t>(node)].floor; }
  float spacing() const { return spacing_; }
  std::span<const Leap> leaps() const { return leaps_; }
  std::span<const Leap> leaps_from(int node) const {
    return leaps().subspan(static_cast<std::size_t>(at(node).leap_begin),
                           static_cast<std::size_t>(at(node).leap_end - at(node).leap_begin));
  }
  // One for each item of the map.
  std::span<const Access> access() const { return access_; }
  // Nodes at the map's spawns.
  std::span<const int> spawn_nodes() const { return spawn_nodes_; }

  // The node nearest to where feet are, also in the air; kNowhere if none is near.
  int nearest(Vec3 feet) const;
  // The node from which one walks up to an item and takes it; kNowhere if there is none.
  int beneath(Vec3 item) const;
  // Whether the straight line between two nodes can be walked.
  bool straight(int from, int to) const;
  // Of the shortest way, in u and to within kPlaceRadius times the spacing; kFar if there is none. A leap
  // counts kLeapCost more than its length.
  static constexpr int kFar = 0xFFFF;
  static constexpr float kPlaceRadius = 4.0f;
  static constexpr int kLeapCost = 128;
  int distance(int from, int to) const;
  // The first stretch of a shortest way: a node that is walked to straight, or a leap to be made from `from`.
  // node is kNowhere where there is no way.
  struct Stretch {
    int node = kNowhere;
    int leap = kNowhere;
  };
  Stretch next(int from, int to) const;

 private:
  NavigationGraph() = default;

  static constexpr int kDirections = 8;
  struct Node {
    Vec3 floor;
    int column = 0;
    int row = 0;
    std::array<std::int16_t, kDirections> beside;  // Nodes that are walked to, or kNowhere.
    int place = kNowhere;
    int leap_begin = 0;
    int leap_end = 0;
  };
  class Builder;

  const Node& at(int node) const { return nodes_[static_cast<std::size_t>(node)]; }
  int cost(std::size_t direction) const;  // Of walking to the node beside.
  int cost(const Leap& leap) const;
  int field(int place, int node) const {
    return fields_[static_cast<std::size_t>(place) * nodes_.size() + static_cast<std::size_t>(node)];
  }

  float spacing_ = 0.0f;
  Vec3 first_;  // Of the grid's columns.
  int columns_ = 0;
  int rows_ = 0;
  std::vector<Node> nodes_;  // Column by column: cell c holds cell_begin_[c] up to cell_begin_[c + 1].
  std::vector<int> cell_begin_;
  std::vector<Leap> leaps_;  // By the node that they begin at.
  // Places are nodes, such that from every node one of them is near in a straight line. Of each the distance
  // from every node: fields_[place * nodes + node].
  std::vector<int> places_;
  std::vector<std::uint16_t> fields_;
  std::vector<Access> access_;
  std::vector<int> spawn_nodes_;
};

}  // namespace chrysalis
