#include <algorithm>
#include <charconv>

#include "chrysalis/cli/command.h"
#include "chrysalis/cli/level_tour.h"
#include "chrysalis/cli/output_path.h"
#include "chrysalis/env/make_environment.h"
#include "chrysalis/env/native_environment.h"
#include "chrysalis/media/contact_sheet.h"
#include "chrysalis/media/png.h"
#include "chrysalis/train/run_config.h"

namespace chrysalis {
namespace {

struct RenderOptions {
  std::string level;
  std::uint64_t seed = 1;
  std::string out;
  std::string size;
  int scale = 1;
  int sheet_pictures = 0;
  bool top_down = false;
  std::vector<std::string> assignments;
};

Status parse_size(const std::string& text, RunConfig& config) {
  std::int64_t width = 0;
  std::int64_t height = 0;
  const char* end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, width);
  const bool has_x = first.ec == std::errc() && first.ptr != end && *first.ptr == 'x';
  const auto second = has_x ? std::from_chars(first.ptr + 1, end, height) : first;
  if (!has_x || second.ec != std::errc() || second.ptr != end)
    return invalid_input("--size {}: expected WIDTHxHEIGHT, for example 96x72", text);
  for (const auto& [name, pixels] : {std::pair{"environment.width", width}, {"environment.height", height}}) {
    if (const Status status = set_field(fields_of(config), name, pixels); !status.ok())
      return invalid_input("--size {}: {}", text, status.error().message);
    if (pixels % 4 != 0)
      return invalid_input("--size {}: {} is {}: expected a multiple of 4", text, name, pixels);
  }
  return {};
}

Image blank(const EnvironmentSpec& spec) {
  return {
      .width = spec.width, .height = spec.height, .rgb = std::vector<std::uint8_t>(spec.observation_bytes())};
}

Status write(const Image& image, const RenderOptions& options) {
  return write_png(options.out, options.scale == 1 ? image : magnified(image, options.scale));
}

// The first picture of an episode of DM Lab's, which shows no more than the agent sees.
Status render_dmlab(const RenderOptions& options, const RunConfig& config) {
  for (const auto& [name, given] :
       {std::pair{"--top-down", options.top_down}, {"--sheet", options.sheet_pictures > 0}})
    if (given)
      return invalid_input(
          "{}: level {} is DM Lab's, which shows what the agent sees alone: expected a level of "
          "`chrysalis levels`, or `chrysalis record` for the agent's episodes",
          name, config.level.name);
  CHRYSALIS_ASSIGN_OR_RETURN(const auto environment,
                             make_environment(config.level, config.environment, config.dmlab));
  environment->reset(options.seed);
  CHRYSALIS_RETURN_IF_ERROR(environment->status());
  Image image = blank(environment->spec());
  environment->observe(image.rgb);
  return write(image, options);
}

Image draw(NativeEnvironment& environment, const RenderOptions& options) {
  Image image = blank(environment.spec());
  if (options.top_down) {
    environment.observe_top_down(image.rgb);
  } else {
    environment.observe(image.rgb);
  }
  return image;
}

// Pictures of one episode, evenly apart.
Image draw_sheet(NativeEnvironment& environment, const RenderOptions& options) {
  const auto apart = std::max<std::int64_t>(1, environment.spec().episode_frames / options.sheet_pictures);
  LevelTour tour(environment.level(), RandomKey(options.seed));
  std::vector<Image> images;
  for (int i = 0; i < options.sheet_pictures; ++i) {
    images.push_back(draw(environment, options));
    tour.play(apart);
  }
  return contact_sheet(images, {.factor = options.scale});
}

Status run(const RenderOptions& options) {
  CHRYSALIS_RETURN_IF_ERROR(check_output_path(options.out, {".png"}));
  CHRYSALIS_ASSIGN_OR_RETURN(RunConfig config, default_run_config(with_options(
                                                   {{"level.name", options.level}}, options.assignments)));
  if (!options.size.empty()) CHRYSALIS_RETURN_IF_ERROR(parse_size(options.size, config));
  if (is_dmlab_level(config.level.name)) return render_dmlab(options, config);
  CHRYSALIS_ASSIGN_OR_RETURN(const auto environment,
                             NativeEnvironment::create(config.level, config.environment));
  environment->reset(options.seed);
  if (options.sheet_pictures > 0) return write_png(options.out, draw_sheet(*environment, options));
  return write(draw(*environment, options), options);
}

}  // namespace

Action add_render_command(CLI::App& app) {
  auto options = std::make_shared<RenderOptions>();
  app.add_option("--level", options->level,
                 "Level to draw: a name of `chrysalis levels`, map:FILE or dmlab:LEVEL")
      ->required();
  app.add_option("--seed", options->seed, "Names the episode")->check(CLI::NonNegativeNumber);
  app.add_option("--out", options->out, "PNG file to write")->required();
  app.add_option("--size", options->size, "WIDTHxHEIGHT in pixels, multiples of 4; default 96x72");
  app.add_option("--scale", options->scale, "Magnify each pixel this many times")->check(CLI::Range(1, 64));
  app.add_flag("--top-down", options->top_down, "The whole map from above");
  app.add_option(
         "--sheet", options->sheet_pictures,
         "Pictures of the episode on one contact sheet, evenly apart, as an expert sees it who plays laser "
         "tag, or one who wanders about")
      ->check(CLI::Range(1, 400));
  app.add_option("--set", options->assignments, "KEY=VALUE, for example level.maze_width=21")
      ->allow_extra_args(false);
  return [options] { return run(*options); };
}

}  // namespace chrysalis
