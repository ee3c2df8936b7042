#include "chrysalis/dmlab/observations.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "chrysalis/core/check.h"
#include "chrysalis/world/view.h"

namespace chrysalis::dmlab {
namespace {

constexpr int kReticleSide = 3;
constexpr std::uint8_t kReticleGrey = 200;

// Dimensions that are known later than the catalog's: a picture's, and the number of players.
constexpr int kHeight = -1, kWidth = -2, kAltHeight = -3, kAltWidth = -4, kPlayers = -5;

// DM Lab's numbers of gadgets, and of rounds that never end.
constexpr std::array<double, kGadgetCount> kGadgetNumbers = {2, 3, 6, 7, 8};
constexpr double kUnlimited = -1;

Vec3 rotation_of(const Eye& eye) {
  return {eye.pitch_degrees, eye.yaw_degrees, eye.roll_degrees};
}

// Along the eye's yaw, to its left, up.
Vec3 velocity_ahead(const Body& body) {
  const double yaw = body.yaw_degrees * std::numbers::pi / 180.0;
  const double s = std::sin(yaw), c = std::cos(yaw);
  return {static_cast<float>(body.velocity.x * c + body.velocity.y * s),
          static_cast<float>(body.velocity.y * c - body.velocity.x * s), body.velocity.z};
}

// As a depth buffer of 8 bits holds it: 0 at the near plane, 255 far away, linear in 1 / depth.
std::uint8_t depth_byte(float inverse_depth) {
  return static_cast<std::uint8_t>(std::lround(255.0f * std::max(0.0f, 1.0f - kNearPlane * inverse_depth)));
}

}  // namespace

struct ObservationCatalog {
  using Self = Observations;
  struct Entry {
    const char* name;
    ObservationType type;
    std::array<int, 3> shape;
    int dims;
    void (*fill)(Self& self, Episode& episode);
  };

  static void number(Self& self, double value) { self.doubles_ = {value}; }
  static void vector(Self& self, Vec3 v) { self.doubles_ = {v.x, v.y, v.z}; }
  static void zeros(Self& self, std::size_t count) { self.doubles_.assign(count, 0.0); }

  template <bool kBlueFirst, bool kDepth, bool kPlanar>
  static void view(Self& self, Episode& episode) {
    self.draw_view(episode, {.blue_first = kBlueFirst, .depth = kDepth, .planar = kPlanar});
  }
  template <Self::Camera kCamera, bool kPlanar>
  static void camera(Self& self, Episode& episode) {
    self.draw_camera(episode, kCamera, kPlanar);
  }
  // Something of each player: of its body, or of its fighter, null where nobody fights.
  template <auto kValue>
  static void bodies(Self& self, Episode& episode) {
    self.list_players(episode, [&](std::size_t player) { return kValue(episode.world().players()[player]); });
  }
  template <auto kValue>
  static void fighters(Self& self, Episode& episode) {
    self.list_players(episode, [&](std::size_t player) {
      return kValue(episode.world().armed() ? &episode.world().fighters()[player] : nullptr);
    });
  }
  static void nothing_for_players(Self& self, Episode& episode) {
    self.list_players(episode, [](std::size_t) { return 0.0; });
  }

  static const std::vector<Entry>& entries();
};

const std::vector<ObservationCatalog::Entry>& ObservationCatalog::entries() {
  using Camera = Self::Camera;
  constexpr auto kDoubles = ObservationType::kDoubles;
  constexpr auto kBytes = ObservationType::kBytes;
  constexpr auto kString = ObservationType::kString;
  static const std::vector<Entry> entries = {
      {"RGB_INTERLEAVED", kBytes, {kHeight, kWidth, 3}, 3, view<false, false, false>},
      {"RGBD_INTERLEAVED", kBytes, {kHeight, kWidth, 4}, 3, view<false, true, false>},
      {"RGB", kBytes, {3, kHeight, kWidth}, 3, view<false, false, true>},
      {"RGBD", kBytes, {4, kHeight, kWidth}, 3, view<false, true, true>},
      {"BGR_INTERLEAVED", kBytes, {kHeight, kWidth, 3}, 3, view<true, false, false>},
      {"BGRD_INTERLEAVED", kBytes, {kHeight, kWidth, 4}, 3, view<true, true, false>},
      {"MAP_FRAME_NUMBER",
       kDoubles,
       {1},
       1,
       [](Self& self, Episode& episode) {
         number(self, static_cast<double>(episode.map_frames() / self.frames_per_step_));
       }},
      {"RGB_INTERLACED", kBytes, {kHeight, kWidth, 3}, 3, view<false, false, false>},
      {"RGBD_INTERLACED", kBytes, {kHeight, kWidth, 4}, 3, view<false, true, false>},
      {"VEL.TRANS",
       kDoubles,
       {3},
       1,
       [](Self& self, Episode& episode) { vector(self, velocity_ahead(episode.world().players()[kAgent])); }},
      {"VEL.ROT",
       kDoubles,
       {3},
       1,
       [](Self& self, Episode& episode) { vector(self, episode.angular_velocity()); }},
      {"INSTR", kString, {0}, 1, [](Self& self, Episode&) { self.text_.clear(); }},
      {"TEAM.SCORE", kDoubles, {2}, 1, [](Self& self, Episode&) { zeros(self, 2); }},
      {"FRAMES_REMAINING_AT_60",
       kDoubles,
       {1},
       1,
       [](Self& self, Episode& episode) { number(self, static_cast<double>(episode.frames_left())); }},
      {"DEBUG.CAMERA_INTERLEAVED.TOP_DOWN",
       kBytes,
       {kAltHeight, kAltWidth, 3},
       3,
       camera<Camera::kTopDown, false>},
      {"DEBUG.CAMERA_INTERLEAVED.PLAYER_VIEW",
       kBytes,
       {kAltHeight, kAltWidth, 3},
       3,
       camera<Camera::kPlayerWithReticle, false>},
      {"DEBUG.CAMERA_INTERLEAVED.PLAYER_VIEW_NO_RETICLE",
       kBytes,
       {kAltHeight, kAltWidth, 3},
       3,
       camera<Camera::kPlayer, false>},
      {"DEBUG.CAMERA.TOP_DOWN", kBytes, {3, kAltHeight, kAltWidth}, 3, camera<Camera::kTopDown, true>},
      {"DEBUG.CAMERA.PLAYER_VIEW",
       kBytes,
       {3, kAltHeight, kAltWidth},
       3,
       camera<Camera::kPlayerWithReticle, true>},
      {"DEBUG.CAMERA.PLAYER_VIEW_NO_RETICLE",
       kBytes,
       {3, kAltHeight, kAltWidth},
       3,
       camera<Camera::kPlayer, true>},
      {"DEBUG.MAZE.LAYOUT",
       kString,
       {0},
       1,
       [](Self& self, Episode& episode) {
         self.text_ = maze_layout(episode.world().map(), self.draws_mazes_);
       }},
      {"DEBUG.MAZE.VARIATION",
       kString,
       {0},
       1,
       [](Self& self, Episode& episode) { self.text_ = episode.world().map().variations; }},
      {"DEBUG.POS.TRANS",
       kDoubles,
       {3},
       1,
       [](Self& self, Episode& episode) { vector(self, episode.world().players()[kAgent].origin); }},
      {"DEBUG.POS.ROT",
       kDoubles,
       {3},
       1,
       [](Self& self, Episode& episode) {
         vector(self, rotation_of(eye_of(episode.world().players()[kAgent])));
       }},
      {"DEBUG.PLAYER_ID", kBytes, {1}, 1, [](Self& self, Episode&) { self.bytes_ = {kAgent + 1}; }},
      {"DEBUG.PLAYERS.ARMOR",
       kDoubles,
       {kPlayers},
       1,
       fighters<[](const Fighter* fighter) -> double { return fighter == nullptr ? 0 : fighter->armour; }>},
      {"DEBUG.PLAYERS.GADGET", kDoubles, {kPlayers}, 1, fighters<[](const Fighter* fighter) -> double {
         return fighter == nullptr ? 0 : kGadgetNumbers[static_cast<std::size_t>(fighter->held)];
       }>},
      {"DEBUG.PLAYERS.GADGET_AMOUNT", kDoubles, {kPlayers}, 1, fighters<[](const Fighter* fighter) -> double {
         if (fighter == nullptr) return 0;
         if (gadget_type(fighter->held).rounds == 0) return kUnlimited;
         return fighter->rounds[static_cast<std::size_t>(fighter->held)];
       }>},
      {"DEBUG.PLAYERS.HEALTH", kDoubles, {kPlayers}, 1, fighters<[](const Fighter* fighter) -> double {
         return fighter == nullptr ? kFullHealth : fighter->health;
       }>},
      {"DEBUG.PLAYERS.HOLDING_FLAG", kDoubles, {kPlayers}, 1, nothing_for_players},
      {"DEBUG.PLAYERS.ID",
       kBytes,
       {kPlayers},
       1,
       [](Self& self, Episode& episode) {
         self.bytes_.resize(episode.world().players().size());
         for (std::size_t i = 0; i < self.bytes_.size(); ++i)
           self.bytes_[i] = static_cast<std::uint8_t>(i + 1);
       }},
      {"DEBUG.PLAYERS.EYE.POS",
       kDoubles,
       {kPlayers, 3},
       2,
       bodies<[](const Body& body) { return eye_of(body).position; }>},
      {"DEBUG.PLAYERS.EYE.ROT",
       kDoubles,
       {kPlayers, 3},
       2,
       bodies<[](const Body& body) { return rotation_of(eye_of(body)); }>},
      {"DEBUG.PLAYERS.VELOCITY",
       kDoubles,
       {kPlayers, 3},
       2,
       bodies<[](const Body& body) { return body.velocity; }>},
      {"DEBUG.PLAYERS.NAME",
       kString,
       {0},
       1,
       [](Self& self, Episode& episode) {
         self.text_ = self.player_name_;
         for (std::size_t i = 1; i < episode.world().players().size(); ++i)
           self.text_ += fmt::format("\nbot {}", i);
       }},
      {"DEBUG.PLAYERS.TEAM", kDoubles, {kPlayers}, 1, nothing_for_players},
      {"DEBUG.PLAYERS.CAPTURES", kDoubles, {kPlayers}, 1, nothing_for_players},
      {"DEBUG.PLAYERS.SCORE",
       kDoubles,
       {kPlayers},
       1,
       [](Self& self, Episode& episode) {
         self.list_players(episode, [&](std::size_t player) { return episode.scores()[player]; });
       }},
      {"DEBUG.PLAYERS.IS_BOT",
       kBytes,
       {kPlayers},
       1,
       [](Self& self, Episode& episode) {
         self.bytes_.assign(episode.world().players().size(), 1);
         self.bytes_[kAgent] = 0;
       }},
      {"DEBUG.FLAGS.RED", kDoubles, {5}, 1, [](Self& self, Episode&) { zeros(self, 5); }},
      {"DEBUG.FLAGS.BLUE", kDoubles, {5}, 1, [](Self& self, Episode&) { zeros(self, 5); }},
      {"DEBUG.FLAGS.RED_HOME", kDoubles, {4}, 1, [](Self& self, Episode&) { zeros(self, 4); }},
      {"DEBUG.FLAGS.BLUE_HOME", kDoubles, {4}, 1, [](Self& self, Episode&) { zeros(self, 4); }},
  };
  return entries;
}

std::string maze_layout(const Map& map, bool draws_mazes) {
  std::string layout = map.layout;
  if (!draws_mazes) return layout;
  std::ranges::replace(layout, '#', '*');
  std::ranges::replace(layout, 'S', 'P');
  return layout;
}

bool draws_mazes(const LevelSpec& level) {
  const std::vector<LevelSetting> settings = level_settings(level);
  return std::ranges::find(settings, "mazeWidth", &LevelSetting::key) != settings.end();
}

Observations::Observations(const Settings& settings, const LevelSpec& level)
    : width_(settings.width),
      height_(settings.height),
      alt_width_(std::max(settings.width, settings.alt_width)),
      alt_height_(std::max(settings.height, settings.alt_height)),
      frames_per_step_(settings.frames_per_step),
      player_name_(settings.player_name),
      draws_mazes_(draws_mazes(level)) {
  // So that data() points somewhere also where there are no elements.
  bytes_.reserve(1);
  doubles_.reserve(1);
}

int Observations::count() {
  return static_cast<int>(ObservationCatalog::entries().size());
}

const char* Observations::name(int index) {
  return ObservationCatalog::entries().at(static_cast<std::size_t>(index)).name;
}

ObservationSpec Observations::spec(int index) {
  const auto& entry = ObservationCatalog::entries().at(static_cast<std::size_t>(index));
  for (std::size_t i = 0; i < shape_.size(); ++i) {
    const int side = entry.shape[i];
    shape_[i] = side == kHeight      ? static_cast<int>(height_)
                : side == kWidth     ? static_cast<int>(width_)
                : side == kAltHeight ? static_cast<int>(alt_height_)
                : side == kAltWidth  ? static_cast<int>(alt_width_)
                : side == kPlayers   ? 0
                                     : side;
  }
  return {.type = entry.type, .dims = entry.dims, .shape = shape_.data()};
}

Observation Observations::observe(int index, Episode& episode) {
  const auto& entry = ObservationCatalog::entries().at(static_cast<std::size_t>(index));
  Observation given{.spec = spec(index), .payload = {}};
  if (episode.started()) {
    entry.fill(*this, episode);
    if (entry.shape[0] == kPlayers) shape_[0] = static_cast<int>(episode.world().players().size());
  } else {
    std::size_t elements = 1;
    for (int i = 0; i < entry.dims; ++i)
      elements *= static_cast<std::size_t>(shape_[static_cast<std::size_t>(i)]);
    bytes_.assign(entry.type == ObservationType::kBytes ? elements : 0, 0);
    doubles_.assign(entry.type == ObservationType::kDoubles ? elements : 0, 0.0);
    text_.clear();
  }
  if (entry.type == ObservationType::kBytes) {
    given.payload.bytes = bytes_.data();
  } else if (entry.type == ObservationType::kDoubles) {
    given.payload.doubles = doubles_.data();
  } else {
    given.payload.string = text_.c_str();
    shape_[0] = static_cast<int>(text_.size());
  }
  return given;
}

ObservationSpec Observations::empty_spec() {
  static constexpr int kNone = 0;
  return {.type = ObservationType::kBytes, .dims = 1, .shape = &kNone};
}

Observation Observations::empty() {
  static constexpr unsigned char kNothing = 0;
  return {.spec = empty_spec(), .payload = {.bytes = &kNothing}};
}

template <typename Value>
void Observations::list_players(const Episode& episode, Value value) {
  doubles_.clear();
  for (std::size_t player = 0; player < episode.world().players().size(); ++player) {
    if constexpr (std::is_same_v<decltype(value(player)), Vec3>) {
      const Vec3 v = value(player);
      doubles_.insert(doubles_.end(), {v.x, v.y, v.z});
    } else {
      doubles_.push_back(value(player));
    }
  }
}

void Observations::draw_view(Episode& episode, Layout layout) {
  // Depths are those of a picture drawn just now: other contexts and cameras draw on the same thread.
  if (view_moment_ != episode.moment() || layout.depth) {
    view_.resize(static_cast<std::size_t>(width_ * height_ * 3));
    episode.environment().observe(view_);
    view_moment_ = episode.moment();
  }
  if (!layout.blue_first && !layout.depth && !layout.planar) {
    bytes_ = view_;
    return;
  }
  const auto pixels = static_cast<std::size_t>(width_ * height_);
  const std::size_t channels = layout.depth ? 4 : 3;
  // From pixel to pixel, and from channel to channel.
  const std::size_t pixel_stride = layout.planar ? 1 : channels;
  const std::size_t channel_stride = layout.planar ? pixels : 1;
  bytes_.resize(pixels * channels);
  for (std::size_t channel = 0; channel < 3; ++channel) {
    const std::uint8_t* from = view_.data() + (layout.blue_first ? 2 - channel : channel);
    std::uint8_t* to = bytes_.data() + channel * channel_stride;
    for (std::size_t i = 0; i < pixels; ++i) to[i * pixel_stride] = from[i * 3];
  }
  if (!layout.depth) return;
  inverse_depth_.resize(pixels);
  episode.environment().renderer().read_inverse_depth(inverse_depth_);
  std::uint8_t* to = bytes_.data() + 3 * channel_stride;
  for (std::size_t i = 0; i < pixels; ++i) to[i * pixel_stride] = depth_byte(inverse_depth_[i]);
}

void Observations::draw_camera(Episode& episode, Camera camera, bool planar) {
  if (!alt_renderer_) alt_renderer_.emplace(static_cast<int>(alt_width_), static_cast<int>(alt_height_));
  const World& world = episode.world();
  bytes_.resize(alt_renderer_->picture_bytes());
  if (camera == Camera::kTopDown) {
    alt_renderer_->render_top_down(world, bytes_);
  } else {
    // Where the head is, with all that moves it, but looking where the body does.
    const Body& body = world.players()[kAgent];
    alt_renderer_->render(world,
                          {.position = view_of(world, static_cast<int>(kAgent)).position,
                           .yaw_degrees = body.yaw_degrees,
                           .pitch_degrees = body.pitch_degrees},
                          bytes_, static_cast<int>(kAgent));
    if (camera == Camera::kPlayerWithReticle) draw_reticle();
  }
  if (!planar) return;
  alt_view_ = bytes_;
  const std::size_t pixels = bytes_.size() / 3;
  for (std::size_t i = 0; i < pixels; ++i)
    for (std::size_t channel = 0; channel < 3; ++channel)
      bytes_[channel * pixels + i] = alt_view_[i * 3 + channel];
}

void Observations::draw_reticle() {
  // Up and left of the middle by a pixel, as there.
  const std::int64_t top = alt_height_ / 2 - kReticleSide / 2 - 1;
  const std::int64_t left = alt_width_ / 2 - kReticleSide / 2 - 1;
  for (std::int64_t row = top; row < top + kReticleSide; ++row)
    std::fill_n(bytes_.begin() + (row * alt_width_ + left) * 3, kReticleSide * 3, kReticleGrey);
}

}  // namespace chrysalis::dmlab
