#include "virtual_display.h"

#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <X11/extensions/XTest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

// Xlib.h takes these words for itself.
#undef Bool
#undef None
#undef Status
#undef Success
#include "chrysalis/core/check.h"

namespace chrysalis {
namespace {

// A window that is gone by the time it is asked for is no window, and not the end of the test.
int ignore_error(Display*, XErrorEvent*) {
  return 0;
}

}  // namespace

struct VirtualDisplay::Connection {
  Display* display = nullptr;

  // The visible window in the root; 0 where there is none.
  Window window() const {
    Window root = 0;
    Window parent = 0;
    Window* children = nullptr;
    unsigned count = 0;
    Window found = 0;
    if (XQueryTree(display, DefaultRootWindow(display), &root, &parent, &children, &count) == 0) return 0;
    for (unsigned i = 0; i < count; ++i) {
      XWindowAttributes about{};
      if (XGetWindowAttributes(display, children[i], &about) != 0 && about.map_state == IsViewable)
        found = children[i];
    }
    if (children != nullptr) XFree(children);
    return found;
  }

  void key(const std::string& name, bool down) const {
    const KeySym symbol = XStringToKeysym(name.c_str());
    CHRYSALIS_CHECK(symbol != NoSymbol, "no key '{}'", name);
    XTestFakeKeyEvent(display, XKeysymToKeycode(display, symbol), down ? True : False, CurrentTime);
    XFlush(display);
  }

  void left_button(bool down) const {
    XTestFakeButtonEvent(display, Button1, down ? True : False, CurrentTime);
    XFlush(display);
  }
};

VirtualDisplay::VirtualDisplay() : connection_(std::make_unique<Connection>()) {
  int ready[2];
  CHRYSALIS_CHECK(::pipe(ready) == 0);
  server_ = ::fork();
  CHRYSALIS_CHECK(server_ >= 0, "cannot fork");
  if (server_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int nothing = ::open("/dev/null", O_RDWR);
    ::dup2(nothing, 1);
    ::dup2(nothing, 2);
    const std::string written = std::to_string(ready[1]);
    ::execl(CHRYSALIS_XVFB, "Xvfb", "-displayfd", written.c_str(), "-screen", "0", "800x600x24", "-nolisten",
            "tcp", "-noreset", nullptr);
    ::_exit(127);
  }
  ::close(ready[1]);
  std::string name = ":";
  for (char digit = 0; ::read(ready[0], &digit, 1) == 1 && digit != '\n';) name += digit;
  ::close(ready[0]);
  XSetErrorHandler(ignore_error);
  connection_->display = XOpenDisplay(name.c_str());
  CHRYSALIS_CHECK(connection_->display != nullptr, "Xvfb did not start: its display is '{}'", name);
  ::setenv("DISPLAY", name.c_str(), 1);
  ::setenv("SDL_VIDEODRIVER", "x11", 1);
  ::setenv("SDL_RENDER_DRIVER", "software", 1);
}

VirtualDisplay::~VirtualDisplay() {
  XCloseDisplay(connection_->display);
  ::kill(server_, SIGKILL);
  ::waitpid(server_, nullptr, 0);
  for (const char* name : {"DISPLAY", "SDL_VIDEODRIVER", "SDL_RENDER_DRIVER"}) ::unsetenv(name);
}

std::string VirtualDisplay::title() {
  char* name = nullptr;
  const Window window = connection_->window();
  if (window == 0 || XFetchName(connection_->display, window, &name) == 0 || name == nullptr) return "";
  const std::string title = name;
  XFree(name);
  return title;
}

Screenshot VirtualDisplay::screenshot() {
  XWindowAttributes about{};
  const Window window = connection_->window();
  if (window == 0 || XGetWindowAttributes(connection_->display, window, &about) == 0) return {};
  XImage* image = XGetImage(connection_->display, window, 0, 0, static_cast<unsigned>(about.width),
                            static_cast<unsigned>(about.height), AllPlanes, ZPixmap);
  if (image == nullptr) return {};
  Screenshot shot{.width = image->width, .height = image->height, .rgb = {}};
  for (int row = 0; row < image->height; ++row)
    for (int column = 0; column < image->width; ++column)
      for (const unsigned shift : {16u, 8u, 0u})
        shot.rgb.push_back(static_cast<std::uint8_t>(XGetPixel(image, column, row) >> shift));
  XDestroyImage(image);
  return shot;
}

void VirtualDisplay::press(const std::string& key) {
  connection_->key(key, true);
}

void VirtualDisplay::release(const std::string& key) {
  connection_->key(key, false);
}

void VirtualDisplay::tap(const std::string& key) {
  press(key);
  release(key);
}

void VirtualDisplay::press_left_button() {
  connection_->left_button(true);
}

void VirtualDisplay::release_left_button() {
  connection_->left_button(false);
}

void VirtualDisplay::move_mouse(int right, int down) {
  XTestFakeRelativeMotionEvent(connection_->display, right, down, CurrentTime);
  XFlush(connection_->display);
}

void VirtualDisplay::resize(int width, int height) {
  XResizeWindow(connection_->display, connection_->window(), static_cast<unsigned>(width),
                static_cast<unsigned>(height));
  XFlush(connection_->display);
}

void VirtualDisplay::look_away() {
  XSetInputFocus(connection_->display, DefaultRootWindow(connection_->display), RevertToParent, CurrentTime);
  XFlush(connection_->display);
}

void VirtualDisplay::ask_to_close() {
  Display* display = connection_->display;
  XEvent event{};
  event.xclient.type = ClientMessage;
  event.xclient.window = connection_->window();
  event.xclient.message_type = XInternAtom(display, "WM_PROTOCOLS", False);
  event.xclient.format = 32;
  event.xclient.data.l[0] = static_cast<long>(XInternAtom(display, "WM_DELETE_WINDOW", False));
  event.xclient.data.l[1] = CurrentTime;
  XSendEvent(display, event.xclient.window, False, NoEventMask, &event);
  XFlush(display);
}

}  // namespace chrysalis
