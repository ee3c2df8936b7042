// A window that shows pictures and tells what a person does to it: all that the program knows of SDL. One
// window at a time, by one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "chrysalis/cli/player_input.h"
#include "chrysalis/core/result.h"

struct SDL_Renderer;
struct SDL_Texture;
struct SDL_Window;

namespace chrysalis {

struct WindowEvent {
  enum class Kind : std::uint8_t { kPressed, kReleased, kMouseMoved, kUncovered, kFocusLost, kClosed };
  Kind kind = Kind::kClosed;
  Key key = Key::kEscape;  // kPressed and kReleased. A key that is held is pressed once.
  int right = 0;           // kMouseMoved: counts of the mouse, whatever the window's size.
  int down = 0;
};

// A part of the window, in its pixels.
struct WindowArea {
  int left = 0;
  int top = 0;
  int width = 0;
  int height = 0;
  friend constexpr bool operator==(const WindowArea&, const WindowArea&) = default;
};
// The largest area in the middle of a window of width x height that has a picture's sides as they are to each
// other. All at least 1.
WindowArea fitted_area(int picture_width, int picture_height, int width, int height);

class Window {
 public:
  struct Options {
    std::string title;
    int picture_width = 0;  // Pixels.
    int picture_height = 0;
    int scale = 1;           // Pixels of the window for one of the picture; a person may resize it.
    bool crosshair = false;  // In the picture's middle.
  };
  // The error says why SDL has no window, and what to do.
  static Result<Window> open(const Options& options);

  // What happened next, of what happened so far.
  std::optional<WindowEvent> next_event();
  // Held, the mouse has no pointer and no edge to run against.
  Status hold_mouse(bool held);
  void set_title(const std::string& title);
  // picture_height x picture_width x 3 bytes RGB. Waits for the display where that is how its driver shows
  // pictures without tearing.
  Status show(std::span<const std::uint8_t> rgb);

 private:
  template <typename Part>
  using Owned = std::unique_ptr<Part, std::function<void(Part*)>>;

  explicit Window(const Options& options) : options_(options) {}
  Status create();
  void draw_crosshair(const WindowArea& area);

  Options options_;
  // In the order in which they are made; destroyed in the other.
  Owned<void> sdl_;
  Owned<SDL_Window> window_;
  Owned<SDL_Renderer> renderer_;
  Owned<SDL_Texture> texture_;
};

}  // namespace chrysalis
