#include "chrysalis/bots/navigation.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>

#include "chrysalis/bots/ground.h"
#include "chrysalis/core/check.h"
#include "chrysalis/world/body.h"

namespace chrysalis {
namespace {

constexpr float kFinestSpacing = 32.0f;
constexpr float kFloorDifference = 1.0f;  // Floors nearer to each other than this are one.
constexpr float kRunUp = 96.0f;           // More than the way to full speed.
constexpr float kLeapMargin = 32.0f;   // A leap that is a tick of a bot's, and a little, too early succeeds.
constexpr float kFootingStep = 4.0f;   // Between the places of a leap's way that are looked at.
constexpr int kRings = 4;              // Of columns around a place without a floor, to find a node.
constexpr float kTakenWithin = 30.0f;  // Of a body's origin to each side: with room to spare.

struct Direction {
  int column;
  int row;
};
// Opposites are four apart.
constexpr std::array<Direction, 8> kCompass = {
    {{1, 0}, {1, 1}, {0, 1}, {-1, 1}, {-1, 0}, {-1, -1}, {0, -1}, {1, -1}}};
constexpr std::size_t opposite(std::size_t direction) {
  return (direction + 4) % 8;
}
std::size_t direction_of(int column_step, int row_step) {
  for (std::size_t d = 0; d < kCompass.size(); ++d)
    if (kCompass[d].column == column_step && kCompass[d].row == row_step) return d;
  CHRYSALIS_CHECK(false, "no step of ({}, {})", column_step, row_step);
  return 0;
}

// How a body flies that jumps at full speed: after each frame, how far it is and how high.
struct Arc {
  struct Point {
    float along;
    float height;
  };
  std::vector<Point> points;

  // By the rules of bodies themselves.
  Arc() {
    Map plain;
    plain.name = "plain";
    plain.solids = {{{-1024, -1024, -16}, {1024, 1024, 0}}};
    plain.finish();
    Body body;
    body.origin = {-512, 0, kOriginAboveFloor + kSurfaceClearance};
    body.on_ground = true;
    for (int frame = 0; frame < 30; ++frame) move_body(body, {.move_forward = 1}, plain, {});
    const Vec3 start = body.origin;
    do {
      move_body(body, {.move_forward = 1, .jump = points.empty() ? 1 : 0}, plain, {});
      points.push_back({body.origin.x - start.x, body.origin.z - start.z});
    } while (!body.on_ground);
  }
  float length() const { return points.back().along; }
  float height_at(float along) const {
    const auto after =
        std::find_if(points.begin(), points.end(), [along](const Point& p) { return p.along >= along; });
    return after == points.end() ? points.back().height : after->height;
  }
};

}  // namespace

class NavigationGraph::Builder {
 public:
  Builder(const Map& map, NavigationGraph& graph) : map_(map), graph_(graph) {}

  void run() {
    float spacing = kFinestSpacing;
    // From the one that was tried, which may have been coarser already.
    while (!lay_nodes(spacing)) spacing = 2 * graph_.spacing_;
    measure();
    for (const ItemPlacement& item : map_.items) graph_.access_.push_back(access_to(item.position));
    for (const Spawn& spawn : map_.spawns) graph_.spawn_nodes_.push_back(graph_.nearest(spawn.floor));
  }

 private:
  Node& at(int node) { return graph_.nodes_[static_cast<std::size_t>(node)]; }

  // Everything but the distances; false where it would be too much.
  bool lay_nodes(float spacing) {
    graph_ = NavigationGraph();
    lay_grid(spacing);
    if (!place_nodes()) return false;
    for (int node = 0; node < graph_.node_count(); ++node) join(node);
    find_leaps();
    keep_reached();
    choose_places();
    return graph_.places_.size() * graph_.nodes_.size() <= kDistancesMax;
  }

  // The grid lies in the middle of the map, so that what is symmetric stays so.
  void lay_grid(float spacing) {
    const float width = map_.max.x - map_.min.x;
    const float depth = map_.max.y - map_.min.y;
    graph_.spacing_ = spacing;
    while ((width / graph_.spacing_ + 1) * (depth / graph_.spacing_ + 1) > kColumnsMax) graph_.spacing_ *= 2;
    const auto count = [this](float size) {
      return std::max(1, static_cast<int>(std::ceil(size / graph_.spacing_)));
    };
    graph_.columns_ = count(width);
    graph_.rows_ = count(depth);
    const auto first = [this](float low, float high, int lines) {
      return 0.5f * (low + high) - 0.5f * graph_.spacing_ * static_cast<float>(lines - 1);
    };
    graph_.first_ = {first(map_.min.x, map_.max.x, graph_.columns_),
                     first(map_.min.y, map_.max.y, graph_.rows_), 0};
  }

  // A node wherever a box fits and has floor under all its corners; false where there are too many.
  bool place_nodes() {
    std::vector<float> floors;
    for (int row = 0; row < graph_.rows_; ++row) {
      for (int column = 0; column < graph_.columns_; ++column) {
        graph_.cell_begin_.push_back(graph_.node_count());
        const Vec3 middle = graph_.first_ + Vec3{static_cast<float>(column) * graph_.spacing_,
                                                 static_cast<float>(row) * graph_.spacing_, 0};
        floors.clear();
        map_.solids_near({middle.x - kBoxHalfWidth, middle.y - kBoxHalfWidth, map_.min.z},
                         {middle.x + kBoxHalfWidth, middle.y + kBoxHalfWidth, map_.max.z},
                         [&](const Solid& solid) { floors.push_back(solid.max.z); });
        std::sort(floors.begin(), floors.end());
        std::optional<float> last;
        for (const float floor : floors) {
          if (last && floor - *last < kFloorDifference) continue;
          const Vec3 feet{middle.x, middle.y, floor};
          if (!stands(feet)) continue;
          last = floor;
          if (graph_.node_count() == kNodesMax) return false;
          Node& node = graph_.nodes_.emplace_back();
          node.floor = feet;
          node.column = column;
          node.row = row;
          node.beside.fill(kNowhere);
        }
      }
    }
    graph_.cell_begin_.push_back(graph_.node_count());
    return true;
  }

  bool stands(Vec3 feet) const {
    if (!has_room(map_, feet, feet)) return false;
    const Footing footing = footing_at(map_, feet);
    if (!footing.firm() || footing.drop > kFloorDifference) return false;
    for (const float x : {-kBoxHalfWidth, kBoxHalfWidth}) {
      for (const float y : {-kBoxHalfWidth, kBoxHalfWidth}) {
        const Vec3 corner = feet + Vec3{x, y, 0};
        bool held = false;
        map_.solids_near(corner - Vec3{0, 0, kStride}, corner,
                         [&](const Solid& solid) { held = held || solid.max.z <= corner.z; });
        if (!held) return false;
      }
    }
    return true;
  }

  // The node of a column at about this height.
  int find(int column, int row, float height) {
    if (column < 0 || row < 0 || column >= graph_.columns_ || row >= graph_.rows_) return kNowhere;
    const auto cell = static_cast<std::size_t>(row * graph_.columns_ + column);
    for (int node = graph_.cell_begin_[cell]; node < graph_.cell_begin_[cell + 1]; ++node)
      if (std::abs(at(node).floor.z - height) <= kStride) return node;
    return kNowhere;
  }

  // With its neighbours in one half of the compass: whoever walks from one node to another also walks back.
  void join(int node) {
    for (std::size_t d = 0; d < kCompass.size() / 2; ++d) {
      const Vec3 from = at(node).floor;
      const int to = find(at(node).column + kCompass[d].column, at(node).row + kCompass[d].row, from.z);
      if (to == kNowhere || !has_room(map_, from, at(to).floor) || !way_is_firm(from, at(to).floor)) continue;
      at(node).beside[d] = static_cast<std::int16_t>(to);
      at(to).beside[opposite(d)] = static_cast<std::int16_t>(node);
    }
  }

  bool way_is_firm(Vec3 from, Vec3 to) const {
    const int steps = static_cast<int>(length(to - from) / kFootingStep);
    // Both ends are; what lies between them is missed only if it is narrower than a box.
    for (int i = 1; i < steps; i += 2)
      if (!footing_at(map_, from + (to - from) * (static_cast<float>(i) / static_cast<float>(steps))).firm())
        return false;
    return true;
  }

  void find_leaps() {
    const float reach = arc_.length() - kLeapMargin + 2 * kBoxHalfWidth + 2 * graph_.spacing_;
    for (int node = 0; node < graph_.node_count(); ++node) {
      at(node).leap_begin = static_cast<int>(graph_.leaps_.size());
      for (std::size_t d = 0; d < kCompass.size(); ++d) {
        if (at(node).beside[d] != kNowhere) continue;
        const float step =
            graph_.spacing_ * (kCompass[d].column != 0 && kCompass[d].row != 0 ? 1.41421356f : 1);
        for (int count = 1; static_cast<float>(count) * step <= reach; ++count) {
          const int to = find(at(node).column + count * kCompass[d].column,
                              at(node).row + count * kCompass[d].row, at(node).floor.z);
          if (to == kNowhere) continue;
          if (const std::optional<Leap> leap = leap_between(node, to, d)) graph_.leaps_.push_back(*leap);
          break;
        }
      }
      at(node).leap_end = static_cast<int>(graph_.leaps_.size());
    }
  }

  std::optional<Leap> leap_between(int from, int to, std::size_t direction) {
    Leap leap;
    leap.from = from;
    leap.to = to;
    const Vec3 begin = at(from).floor, end = at(to).floor;
    const int steps = static_cast<int>(length(end - begin) / kFootingStep);
    const auto place = [&](int i) {
      return begin + (end - begin) * (static_cast<float>(i) / static_cast<float>(steps));
    };
    int first_gap = 0, last_gap = 0;
    for (int i = 1; i < steps; ++i) {
      if (footing_at(map_, place(i)).firm()) continue;
      if (first_gap == 0) first_gap = i;
      last_gap = i;
    }
    if (first_gap == 0) return {};  // A wall stands between them.
    leap.take_off = place(first_gap - 1);
    leap.landing = place(last_gap + 1);
    Vec3 way = leap.landing - leap.take_off;
    const float rise = way.z;
    way.z = 0;
    leap.gap = length(way);
    leap.direction = way * (1.0f / leap.gap);
    if (leap.gap > arc_.length() - kLeapMargin || arc_.height_at(leap.gap) < rise) return {};
    if (!has_room(map_, begin, leap.take_off) || !has_room(map_, leap.landing, end)) return {};
    Vec3 before = leap.take_off;
    for (const Arc::Point& point : arc_.points) {
      const Vec3 feet = leap.take_off + leap.direction * point.along + Vec3{0, 0, point.height};
      if (!has_room(map_, before, feet) || kills(map_, feet)) return {};
      before = feet;
      if (point.along >= leap.gap) break;
    }
    const std::size_t back = opposite(direction);
    int start = from;
    while (at(start).beside[back] != kNowhere && length(at(start).floor - begin) < kRunUp)
      start = at(start).beside[back];
    leap.start = at(start).floor;
    return leap;
  }

  // Drops the nodes that no spawn leads to, and the leaps between them.
  void keep_reached() {
    if (map_.spawns.empty()) return;
    std::vector<std::uint8_t> reached(graph_.nodes_.size(), 0);
    std::vector<int> open;
    const auto reach = [&](int node) {
      if (node == kNowhere || reached[static_cast<std::size_t>(node)] != 0) return;
      reached[static_cast<std::size_t>(node)] = 1;
      open.push_back(node);
    };
    for (const Spawn& spawn : map_.spawns) reach(graph_.nearest(spawn.floor));
    while (!open.empty()) {
      const int node = open.back();
      open.pop_back();
      for (const int beside : at(node).beside) reach(beside);
      for (const Leap& leap : graph_.leaps_from(node)) reach(leap.to);
    }

    std::vector<int> renamed(graph_.nodes_.size(), kNowhere);
    int kept_count = 0;
    for (std::size_t node = 0; node < renamed.size(); ++node)
      if (reached[node] != 0) renamed[node] = kept_count++;
    std::vector<Node> nodes;
    std::vector<Leap> leaps;
    std::vector<int> cell_begin;
    for (std::size_t cell = 0; cell + 1 < graph_.cell_begin_.size(); ++cell) {
      cell_begin.push_back(static_cast<int>(nodes.size()));
      for (int old = graph_.cell_begin_[cell]; old < graph_.cell_begin_[cell + 1]; ++old) {
        if (reached[static_cast<std::size_t>(old)] == 0) continue;
        Node node = at(old);
        for (std::int16_t& beside : node.beside)
          if (beside != kNowhere)
            beside = static_cast<std::int16_t>(renamed[static_cast<std::size_t>(beside)]);
        node.leap_begin = static_cast<int>(leaps.size());
        for (Leap leap : graph_.leaps_from(old)) {
          leap.from = renamed[static_cast<std::size_t>(leap.from)];
          leap.to = renamed[static_cast<std::size_t>(leap.to)];
          leaps.push_back(leap);
        }
        node.leap_end = static_cast<int>(leaps.size());
        nodes.push_back(node);
      }
    }
    cell_begin.push_back(static_cast<int>(nodes.size()));
    graph_.nodes_ = std::move(nodes);
    graph_.leaps_ = std::move(leaps);
    graph_.cell_begin_ = std::move(cell_begin);
  }

  void choose_places() {
    const float radius = kPlaceRadius * graph_.spacing_;
    for (int node = 0; node < graph_.node_count(); ++node) {
      if (at(node).place != kNowhere) continue;
      const int place = static_cast<int>(graph_.places_.size());
      graph_.places_.push_back(node);
      at(node).place = place;
      // Nodes are in rows: none before this one is still without a place.
      for (int near = node + 1; near < graph_.node_count(); ++near) {
        const Vec3 offset = at(near).floor - at(node).floor;
        if (offset.y > radius) break;
        if (at(near).place == kNowhere && length(offset) <= radius && graph_.straight(node, near))
          at(near).place = place;
      }
    }
  }

  // Dijkstra's algorithm from each place, against the edges' directions, its queue a ring of buckets: costs
  // are small whole numbers.
  void measure() {
    const std::size_t node_count = graph_.nodes_.size();
    std::vector<std::vector<const Leap*>> leaps_to(node_count);
    int longest = static_cast<int>(2 * graph_.spacing_);
    for (const Leap& leap : graph_.leaps_) {
      leaps_to[static_cast<std::size_t>(leap.to)].push_back(&leap);
      longest = std::max(longest, graph_.cost(leap));
    }
    graph_.fields_.assign(graph_.places_.size() * node_count, kFar);
    std::vector<std::vector<int>> buckets(static_cast<std::size_t>(longest) + 1);
    for (std::size_t place = 0; place < graph_.places_.size(); ++place) {
      std::uint16_t* field = graph_.fields_.data() + place * node_count;
      std::size_t waiting = 0;
      const auto offer = [&](int node, int distance) {
        if (distance >= field[node]) return;
        field[node] = static_cast<std::uint16_t>(distance);
        buckets[static_cast<std::size_t>(distance) % buckets.size()].push_back(node);
        ++waiting;
      };
      offer(graph_.places_[place], 0);
      for (int distance = 0; waiting > 0; ++distance) {
        std::vector<int>& bucket = buckets[static_cast<std::size_t>(distance) % buckets.size()];
        for (const int node : bucket) {
          if (field[node] != distance) continue;  // A shorter way was found since.
          for (std::size_t d = 0; d < kCompass.size(); ++d)
            if (at(node).beside[d] != kNowhere) offer(at(node).beside[d], distance + graph_.cost(d));
          for (const Leap* leap : leaps_to[static_cast<std::size_t>(node)])
            offer(leap->from, distance + graph_.cost(*leap));
        }
        waiting -= bucket.size();
        bucket.clear();
      }
    }
  }

  Access access_to(Vec3 item) {
    Access access;
    access.node = graph_.beneath(item);
    if (access.node != kNowhere) return access;
    struct Candidate {
      float stray;
      int leap;
    };
    std::vector<Candidate> candidates;
    for (std::size_t i = 0; i < graph_.leaps_.size(); ++i) {
      const Leap& leap = graph_.leaps_[i];
      const Vec3 way = item - leap.take_off;
      const float along = dot(way, leap.direction);
      const float aside = std::abs(way.x * leap.direction.y - way.y * leap.direction.x);
      if (along < 0 || along > leap.gap || aside > kTakenWithin) continue;
      const float above = way.z - kOriginAboveFloor - arc_.height_at(along);
      if (std::abs(above) <= kTakenWithin) candidates.push_back({aside + leap.gap, static_cast<int>(i)});
    }
    std::stable_sort(candidates.begin(), candidates.end(),
                     [](const Candidate& a, const Candidate& b) { return a.stray < b.stray; });
    for (std::size_t i = 0; i < std::min(candidates.size(), access.leaps.size()); ++i)
      access.leaps[i] = candidates[i].leap;
    return access;
  }

  const Map& map_;
  NavigationGraph& graph_;
  Arc arc_;
};

NavigationGraph::NavigationGraph(const Map& map) {
  Builder(map, *this).run();
}

int NavigationGraph::cost(std::size_t direction) const {
  return static_cast<int>(direction % 2 == 0 ? spacing_ : 1.41421356f * spacing_);
}

int NavigationGraph::cost(const Leap& leap) const {
  return static_cast<int>(length(position(leap.to) - position(leap.from))) + kLeapCost;
}

int NavigationGraph::nearest(Vec3 feet) const {
  const int column = static_cast<int>(std::floor((feet.x - first_.x) / spacing_ + 0.5f));
  const int row = static_cast<int>(std::floor((feet.y - first_.y) / spacing_ + 0.5f));
  int found = kNowhere;
  float found_distance = INFINITY;
  for (int ring = 0; ring <= kRings && (found == kNowhere || ring <= 1); ++ring) {
    for (int r = std::max(row - ring, 0); r <= std::min(row + ring, rows_ - 1); ++r) {
      for (int c = std::max(column - ring, 0); c <= std::min(column + ring, columns_ - 1); ++c) {
        if (std::max(std::abs(r - row), std::abs(c - column)) != ring) continue;
        const auto cell = static_cast<std::size_t>(r * columns_ + c);
        for (int node = cell_begin_[cell]; node < cell_begin_[cell + 1]; ++node) {
          const Vec3 offset = position(node) - feet;
          // Steps to the side are easier than upwards.
          const float distance = offset.x * offset.x + offset.y * offset.y + 4 * offset.z * offset.z;
          if (distance >= found_distance) continue;
          found = node;
          found_distance = distance;
        }
      }
    }
  }
  return found;
}

int NavigationGraph::beneath(Vec3 item) const {
  const int node = nearest(item - Vec3{0, 0, kOriginAboveFloor});
  if (node == kNowhere) return kNowhere;
  const Vec3 offset = item - position(node) - Vec3{0, 0, kOriginAboveFloor};
  const bool taken = std::hypot(offset.x, offset.y) <= spacing_ && std::abs(offset.z) <= kTakenWithin;
  return taken ? node : kNowhere;
}

bool NavigationGraph::straight(int from, int to) const {
  // A line of cells, as Bresenham draws it.
  const int columns = at(to).column - at(from).column, rows = at(to).row - at(from).row;
  const int steps = std::max(std::abs(columns), std::abs(rows));
  int node = from;
  for (int i = 1; i <= steps; ++i) {
    const auto along = [&](int whole) {  // Rounded to the nearest, halves away from zero.
      return (2 * whole * i + (whole < 0 ? -steps : steps)) / (2 * steps);
    };
    const int column_step = at(from).column + along(columns) - at(node).column;
    const int row_step = at(from).row + along(rows) - at(node).row;
    node = at(node).beside[direction_of(column_step, row_step)];
    if (node == kNowhere) return false;
  }
  return node == to;
}

int NavigationGraph::distance(int from, int to) const {
  return field(at(to).place, from);
}

NavigationGraph::Stretch NavigationGraph::next(int from, int to) const {
  if (from == to || straight(from, to)) return {.node = to};
  const int place = at(to).place;
  int node = from;
  for (;;) {
    int best = kFar;
    int best_node = kNowhere, best_leap = kNowhere;
    for (std::size_t d = 0; d < kCompass.size(); ++d) {
      const int beside = at(node).beside[d];
      if (beside == kNowhere) continue;
      const int whole = field(place, beside) + cost(d);
      if (whole < best) best = whole, best_node = beside;
    }
    for (int leap = at(node).leap_begin; leap < at(node).leap_end; ++leap) {
      const Leap& way = leaps_[static_cast<std::size_t>(leap)];
      const int whole = field(place, way.to) + cost(way);
      if (whole < best) best = whole, best_node = way.to, best_leap = leap;
    }
    if (best_node == kNowhere) return {};
    if (best_leap != kNowhere) return node == from ? Stretch{best_node, best_leap} : Stretch{.node = node};
    if (!straight(from, best_node)) return {.node = node};
    node = best_node;
    if (node == places_[static_cast<std::size_t>(place)]) return {.node = node};
  }
}

}  // namespace chrysalis
