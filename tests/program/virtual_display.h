// A screen, a keyboard and a mouse for tests: an X server that draws into memory, and a person's hands on it.
// Knows one window, the one that lies on the screen.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace chrysalis {

// A picture of a window; 0 x 0 where there is none.
struct Screenshot {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> rgb;
  friend bool operator==(const Screenshot&, const Screenshot&) = default;
};

class VirtualDisplay {
 public:
  // Starts the server; CHECK-fails if it does not come up. DISPLAY leads to it as long as this lives, and SDL
  // is told to use it.
  VirtualDisplay();
  VirtualDisplay(const VirtualDisplay&) = delete;
  ~VirtualDisplay();

  std::string title();  // "" where there is no window.
  Screenshot screenshot();

  // Key names are X11's: "w", "Escape", "Control_L".
  void press(const std::string& key);
  void release(const std::string& key);
  void tap(const std::string& key);
  void press_left_button();
  void release_left_button();
  void move_mouse(int right, int down);
  void resize(int width, int height);
  // Another window gets the keys.
  void look_away();
  // As the button in a window's corner does.
  void ask_to_close();

 private:
  struct Connection;
  int server_ = -1;
  std::unique_ptr<Connection> connection_;
};

}  // namespace chrysalis
