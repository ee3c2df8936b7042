#include "chrysalis/cli/window.h"

#include <SDL.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "chrysalis/core/check.h"

namespace chrysalis {
namespace {

constexpr std::array<std::pair<SDL_Scancode, Key>, 14> kKeys = {{
    {SDL_SCANCODE_W, Key::kW},
    {SDL_SCANCODE_A, Key::kA},
    {SDL_SCANCODE_S, Key::kS},
    {SDL_SCANCODE_D, Key::kD},
    {SDL_SCANCODE_UP, Key::kUp},
    {SDL_SCANCODE_LEFT, Key::kLeft},
    {SDL_SCANCODE_DOWN, Key::kDown},
    {SDL_SCANCODE_RIGHT, Key::kRight},
    {SDL_SCANCODE_SPACE, Key::kSpace},
    {SDL_SCANCODE_LCTRL, Key::kLeftControl},
    {SDL_SCANCODE_RCTRL, Key::kRightControl},
    {SDL_SCANCODE_C, Key::kC},
    {SDL_SCANCODE_P, Key::kP},
    {SDL_SCANCODE_ESCAPE, Key::kEscape},
}};

std::optional<WindowEvent> key_event(const SDL_KeyboardEvent& event) {
  const auto known = std::ranges::find(kKeys, event.keysym.scancode, &std::pair<SDL_Scancode, Key>::first);
  if (known == kKeys.end() || event.repeat != 0) return std::nullopt;
  return WindowEvent{
      .kind = event.type == SDL_KEYDOWN ? WindowEvent::Kind::kPressed : WindowEvent::Kind::kReleased,
      .key = known->second};
}

std::optional<WindowEvent> window_event(const SDL_WindowEvent& event) {
  switch (event.event) {
    case SDL_WINDOWEVENT_EXPOSED:
    case SDL_WINDOWEVENT_SIZE_CHANGED:
      return WindowEvent{.kind = WindowEvent::Kind::kUncovered};
    case SDL_WINDOWEVENT_FOCUS_LOST:
      return WindowEvent{.kind = WindowEvent::Kind::kFocusLost};
    default:
      return std::nullopt;
  }
}

std::optional<WindowEvent> event_of(const SDL_Event& event) {
  switch (event.type) {
    case SDL_KEYDOWN:
    case SDL_KEYUP:
      return key_event(event.key);
    case SDL_MOUSEBUTTONDOWN:
    case SDL_MOUSEBUTTONUP:
      if (event.button.button != SDL_BUTTON_LEFT) return std::nullopt;
      return WindowEvent{.kind = event.type == SDL_MOUSEBUTTONDOWN ? WindowEvent::Kind::kPressed
                                                                   : WindowEvent::Kind::kReleased,
                         .key = Key::kMouseLeft};
    case SDL_MOUSEMOTION:
      return WindowEvent{
          .kind = WindowEvent::Kind::kMouseMoved, .right = event.motion.xrel, .down = event.motion.yrel};
    case SDL_WINDOWEVENT:
      return window_event(event.window);
    case SDL_QUIT:
      return WindowEvent{.kind = WindowEvent::Kind::kClosed};
    default:
      return std::nullopt;
  }
}

Error sdl_error(std::string_view trying) {
  return io_error("cannot {}: SDL says '{}'", trying, SDL_GetError());
}

}  // namespace

WindowArea fitted_area(int picture_width, int picture_height, int width, int height) {
  WindowArea area{.width = width, .height = height};
  // In 64 bits: a side of a window may be as long as X11 allows.
  const std::int64_t wide = std::int64_t{width} * picture_height;
  const std::int64_t high = std::int64_t{height} * picture_width;
  if (wide > high) area.width = std::max(1, static_cast<int>(high / picture_height));
  if (high > wide) area.height = std::max(1, static_cast<int>(wide / picture_width));
  area.left = (width - area.width) / 2;
  area.top = (height - area.height) / 2;
  return area;
}

Result<Window> Window::open(const Options& options) {
  Window window(options);
  if (const Status status = window.create(); !status.ok())
    return invalid_input(
        "{}; chrysalis play needs a screen: run it on a desktop, with DISPLAY or WAYLAND_DISPLAY set",
        status.error().message);
  return window;
}

Status Window::create() {
  // Ctrl-C is the program's own affair.
  SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
  SDL_SetHint(SDL_HINT_RENDER_SCALE_QUALITY, "nearest");
  if (SDL_Init(SDL_INIT_VIDEO) != 0) return sdl_error("open a window");
  sdl_ = {this, [](void*) { SDL_Quit(); }};
  // Or an input method takes the keys for itself.
  SDL_StopTextInput();
  window_ = {SDL_CreateWindow(options_.title.c_str(), SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED,
                              options_.picture_width * options_.scale,
                              options_.picture_height * options_.scale, SDL_WINDOW_RESIZABLE),
             SDL_DestroyWindow};
  if (!window_) return sdl_error("open a window");
  renderer_ = {SDL_CreateRenderer(window_.get(), -1, SDL_RENDERER_PRESENTVSYNC), SDL_DestroyRenderer};
  if (!renderer_) return sdl_error("draw into a window");
  texture_ = {SDL_CreateTexture(renderer_.get(), SDL_PIXELFORMAT_RGB24, SDL_TEXTUREACCESS_STREAMING,
                                options_.picture_width, options_.picture_height),
              SDL_DestroyTexture};
  if (!texture_) return sdl_error("draw into a window");
  return hold_mouse(true);
}

std::optional<WindowEvent> Window::next_event() {
  SDL_Event event;
  while (SDL_PollEvent(&event) != 0)
    if (const auto known = event_of(event)) return known;
  return std::nullopt;
}

Status Window::hold_mouse(bool held) {
  if (SDL_SetRelativeMouseMode(held ? SDL_TRUE : SDL_FALSE) != 0) return sdl_error("hold the mouse");
  return {};
}

void Window::set_title(const std::string& title) {
  SDL_SetWindowTitle(window_.get(), title.c_str());
}

Status Window::show(std::span<const std::uint8_t> rgb) {
  CHRYSALIS_CHECK_EQ(rgb.size(),
                     static_cast<std::size_t>(options_.picture_width) * options_.picture_height * 3);
  int width = 0;
  int height = 0;
  if (SDL_GetRendererOutputSize(renderer_.get(), &width, &height) != 0) return sdl_error("draw");
  const WindowArea area =
      fitted_area(options_.picture_width, options_.picture_height, std::max(width, 1), std::max(height, 1));
  const SDL_Rect place{area.left, area.top, area.width, area.height};
  SDL_SetRenderDrawColor(renderer_.get(), 0, 0, 0, SDL_ALPHA_OPAQUE);
  if (SDL_UpdateTexture(texture_.get(), nullptr, rgb.data(), options_.picture_width * 3) != 0 ||
      SDL_RenderClear(renderer_.get()) != 0 ||
      SDL_RenderCopy(renderer_.get(), texture_.get(), nullptr, &place) != 0)
    return sdl_error("draw");
  if (options_.crosshair) draw_crosshair(area);
  SDL_RenderPresent(renderer_.get());
  return {};
}

void Window::draw_crosshair(const WindowArea& area) {
  constexpr int kParts = 60;  // Of the picture's height, for an arm.
  const int arm = std::max(2, area.height / kParts);
  const int half = std::max(1, arm / 6);
  const int x = area.left + area.width / 2;
  const int y = area.top + area.height / 2;
  const std::array<SDL_Rect, 2> bars = {
      {{x - arm, y - half, 2 * arm, 2 * half}, {x - half, y - arm, 2 * half, 2 * arm}}};
  SDL_SetRenderDrawColor(renderer_.get(), 255, 255, 255, SDL_ALPHA_OPAQUE);
  SDL_RenderFillRects(renderer_.get(), bars.data(), static_cast<int>(bars.size()));
}

}  // namespace chrysalis
