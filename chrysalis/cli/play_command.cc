#include <chrono>
#include <memory>
#include <thread>

#include "chrysalis/cli/command.h"
#include "chrysalis/cli/frame_pace.h"
#include "chrysalis/cli/interrupt.h"
#include "chrysalis/cli/output_path.h"
#include "chrysalis/cli/play_title.h"
#include "chrysalis/cli/player_input.h"
#include "chrysalis/cli/progress_line.h"
#include "chrysalis/cli/recording.h"
#include "chrysalis/cli/window.h"
#include "chrysalis/levels/catalog.h"
#include "chrysalis/render/renderer.h"
#include "chrysalis/train/run_config.h"
#include "chrysalis/world/view.h"

namespace chrysalis {
namespace {

struct PlayOptions {
  std::string level;
  std::uint64_t seed = 1;
  std::string record;
  std::int64_t frames = 0;
  int width = 640;
  int height = 480;
  int scale = 2;
  double sensitivity = 1.0;
  std::vector<std::string> assignments;
};

std::int64_t now_ns() {
  return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

void sleep_until_ns(std::int64_t time) {
  std::this_thread::sleep_until(std::chrono::steady_clock::time_point(std::chrono::nanoseconds(time)));
}

// One episode in a window, until its end, `frame_limit`, or the person's wish.
class Play {
 public:
  // All must outlive it. recording: may be null.
  Play(Level& level, Renderer& renderer, Window& window, RecordingWriter* recording, double sensitivity,
       std::int64_t frame_limit)
      : level_(level),
        renderer_(renderer),
        window_(window),
        recording_(recording),
        input_(sensitivity),
        frame_limit_(frame_limit),
        picture_(renderer.picture_bytes()) {}

  // `stop` ends it as Esc does.
  Status run(const std::atomic<bool>& stop) {
    pace_ = FramePace(now_ns());
    while (!stop) {
      CHRYSALIS_RETURN_IF_ERROR(hear());
      if (over_) break;
      // Also while it is paused: the time of a pause is not caught up with.
      const int due = pace_.take(now_ns());
      for (int i = 0; i < due && !paused_ && frames_ < frame_limit_; ++i) CHRYSALIS_RETURN_IF_ERROR(step());
      if (changed_) CHRYSALIS_RETURN_IF_ERROR(show());
      if (frames_ == frame_limit_) break;
      sleep_until_ns(pace_.next());
    }
    return {};
  }

  std::int64_t frames() const { return frames_; }
  std::int64_t episode_return() const { return return_; }

 private:
  Status hear() {
    while (const auto event = window_.next_event()) {
      switch (event->kind) {
        case WindowEvent::Kind::kPressed:
          if (event->key == Key::kEscape) over_ = true;
          if (event->key == Key::kP) CHRYSALIS_RETURN_IF_ERROR(pause(!paused_));
          if (!paused_) input_.press(event->key);
          break;
        case WindowEvent::Kind::kReleased:
          input_.release(event->key);
          break;
        case WindowEvent::Kind::kMouseMoved:
          if (!paused_) input_.move_mouse(event->right, event->down);
          break;
        case WindowEvent::Kind::kUncovered:
          changed_ = true;
          break;
        case WindowEvent::Kind::kFocusLost:
          CHRYSALIS_RETURN_IF_ERROR(pause(true));
          break;
        case WindowEvent::Kind::kClosed:
          over_ = true;
          break;
      }
    }
    return {};
  }

  Status pause(bool paused) {
    paused_ = paused;
    changed_ = true;
    input_.clear();
    return window_.hold_mouse(!paused);
  }

  Status step() {
    const RawAction action = input_.next_action();
    return_ += level_.step(action);
    ++frames_;
    changed_ = true;
    return recording_ == nullptr ? Status() : recording_->add(action, level_.world());
  }

  Status show() {
    changed_ = false;
    const World& world = level_.world();
    renderer_.render(world, view_of(world, 0), picture_);
    CHRYSALIS_RETURN_IF_ERROR(window_.show(picture_));
    std::string title = play_title({.level = level_.spec().name,
                                    .frames_left = level_.spec().episode_frames - frames_,
                                    .episode_return = return_,
                                    .fighter = world.armed() ? &world.fighters()[0] : nullptr,
                                    .paused = paused_});
    // Telling the window's manager costs more than a comparison.
    if (title == title_) return {};
    window_.set_title(title);
    title_ = std::move(title);
    return {};
  }

  Level& level_;
  Renderer& renderer_;
  Window& window_;
  RecordingWriter* recording_;
  PlayerInput input_;
  FramePace pace_{0};
  std::int64_t frame_limit_;
  std::int64_t frames_ = 0;
  std::int64_t return_ = 0;
  bool paused_ = false;
  bool over_ = false;
  bool changed_ = true;  // Since the last picture.
  std::vector<std::uint8_t> picture_;
  std::string title_;
};

Status run(const PlayOptions& options) {
  if (!options.record.empty()) CHRYSALIS_RETURN_IF_ERROR(check_output_path(options.record, {}, "--record"));
  CHRYSALIS_ASSIGN_OR_RETURN(
      const RunConfig config,
      default_run_config(with_options({{"level.name", options.level},
                                       {"environment.width", fmt::format("{}", options.width)},
                                       {"environment.height", fmt::format("{}", options.height)}},
                                      options.assignments)));
  CHRYSALIS_ASSIGN_OR_RETURN(const auto level, make_level(config.level));
  CHRYSALIS_ASSIGN_OR_RETURN(Renderer renderer,
                             Renderer::create(static_cast<int>(config.environment.width),
                                              static_cast<int>(config.environment.height)));
  const std::atomic<bool>& stop = catch_interrupts();
  level->start(RandomKey(options.seed));
  // Before the window, so that what cannot be written is told at once.
  std::unique_ptr<RecordingWriter> recording;
  if (!options.record.empty()) {
    CHRYSALIS_ASSIGN_OR_RETURN(
        recording, RecordingWriter::create(options.record, config.level, options.seed, level->world()));
  }
  CHRYSALIS_ASSIGN_OR_RETURN(Window window, Window::open({.title = level->spec().name,
                                                          .picture_width = renderer.width(),
                                                          .picture_height = renderer.height(),
                                                          .scale = options.scale,
                                                          .crosshair = level->world().armed()}));
  const std::int64_t episode_frames = level->spec().episode_frames;
  Play play(*level, renderer, window, recording.get(), options.sensitivity,
            options.frames > 0 ? std::min(options.frames, episode_frames) : episode_frames);
  Status status = play.run(stop);
  if (recording) {
    // Also after an error: what was played is there.
    Status finished = recording->finish(level->world());
    if (status.ok()) status = std::move(finished);
  }
  CHRYSALIS_RETURN_IF_ERROR(status);
  fmt::print("{}, seed {}: {} of {} frames, return {}\n", level->spec().name, options.seed,
             grouped_digits(play.frames()), grouped_digits(episode_frames), play.episode_return());
  if (recording && play.frames() > 0)
    fmt::print("{}: play it again with chrysalis replay --actions {}\n", options.record, options.record);
  return {};
}

}  // namespace

Action add_play_command(CLI::App& app) {
  auto options = std::make_shared<PlayOptions>();
  app.add_option("level", options->level, "Level to play: a name of `chrysalis levels` or map:FILE")
      ->required();
  app.add_option("--seed", options->seed, "Names the episode")->check(CLI::NonNegativeNumber);
  app.add_option("--record", options->record, "File to write: the raw action of each frame, for `replay`");
  app.add_option("--frames", options->frames, "End after this many frames; default: the whole episode")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000}));
  app.add_option("--width", options->width, "Of the picture in pixels, a multiple of 4; default 640");
  app.add_option("--height", options->height, "Likewise; default 480");
  app.add_option("--scale", options->scale, "Magnify each pixel this many times; default 2")
      ->check(CLI::Range(1, 8));
  app.add_option("--sensitivity", options->sensitivity,
                 "Look units (0.1056 degrees) for each count of the mouse; default 1")
      ->check(CLI::Range(0.01, 100.0));
  app.add_option("--set", options->assignments, "KEY=VALUE, for example level.episode_seconds=60")
      ->allow_extra_args(false);
  return [options] { return run(*options); };
}

}  // namespace chrysalis
