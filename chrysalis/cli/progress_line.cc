#include "chrysalis/cli/progress_line.h"
#include "chrysalis/cli/tell.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <string_view>

namespace chrysalis {

std::string grouped_digits(std::int64_t number) {
  std::string digits = fmt::format("{}", number);
  for (auto place = static_cast<std::ptrdiff_t>(digits.size()) - 3; place > (number < 0 ? 1 : 0); place -= 3)
    digits.insert(static_cast<std::size_t>(place), 1, ',');
  return digits;
}

std::string duration_text(double seconds) {
  const auto whole = static_cast<std::int64_t>(seconds + 0.5);
  if (whole < 60) return fmt::format("{}s", whole);
  if (whole < 3600) return fmt::format("{}m{:02}s", whole / 60, whole % 60);
  return fmt::format("{}h{:02}m", whole / 3600, whole / 60 % 60);
}

namespace {

// Over the members; 1 without any, or without mixtures.
std::pair<double, double> alpha_range(const Progress& progress) {
  if (progress.members.empty()) return {1, 1};
  const auto [low, high] = std::ranges::minmax_element(progress.members, {}, &MemberProgress::alpha);
  return {low->alpha, high->alpha};
}

}  // namespace

// In the order in which a narrow terminal may cut it off.
std::string progress_text(const Progress& progress, int action_repeat) {
  std::string text = fmt::format("{}/{} agent steps ({} frames)", grouped_digits(progress.agent_steps),
                                 grouped_digits(progress.agent_steps_target),
                                 grouped_digits(progress.agent_steps * action_repeat));
  if (progress.agent_steps_per_s > 0)
    text +=
        fmt::format("  {} steps/s", grouped_digits(static_cast<std::int64_t>(progress.agent_steps_per_s)));
  if (progress.returns > 0)
    text += fmt::format("  return {:.2f} ({})", progress.mean_return_100, progress.returns);
  if (progress.members.size() > 1) {
    const auto best = std::ranges::max_element(progress.members, {}, [](const MemberProgress& member) {
      return member.returns > 0 ? member.mean_return : -std::numeric_limits<double>::infinity();
    });
    if (best->returns > 0) text += fmt::format("  best {:.2f}", best->mean_return);
  }
  if (const auto [low, high] = alpha_range(progress); low < 1)
    text +=
        low == high ? fmt::format("  alpha {:.2f}", low) : fmt::format("  alpha {:.2f}-{:.2f}", low, high);
  if (progress.members.size() > 1) text += fmt::format("  copies {}", progress.copies);
  if (progress.unrolls_lost > 0) text += fmt::format("  unrolls lost {}", progress.unrolls_lost);
  if (progress.agent_steps_per_s > 0) {
    const std::int64_t left = progress.agent_steps_target - progress.agent_steps;
    text += fmt::format("  ETA {}", duration_text(static_cast<double>(left) / progress.agent_steps_per_s));
  }
  if (progress.report.version > 0)  // Of this process: a resume has none yet.
    text += fmt::format("  loss {:.1f}  entropy {:.2f}  lag {:.1f}", progress.report.loss,
                        progress.report.entropy, progress.report.mean_lag);
  return text;
}

ProgressLine::ProgressLine(int action_repeat)
    : action_repeat_(action_repeat), terminal_(isatty(STDERR_FILENO) == 1) {
  const char* no_colour = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  // A terminal that cannot go back to the line's start gets plain lines.
  if (term == nullptr || std::string_view(term) == "dumb") terminal_ = false;
  colour_ = terminal_ && (no_colour == nullptr || *no_colour == '\0');
}

void ProgressLine::update(const Progress& progress) {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_) return;
  next_ = now + (terminal_ ? std::chrono::milliseconds(500) : std::chrono::milliseconds(10'000));
  draw(progress_text(progress, action_repeat_), false);
}

void ProgressLine::finish(const Progress& progress) {
  draw(progress_text(progress, action_repeat_), true);
}

void ProgressLine::draw(const std::string& text, bool last) {
  if (!terminal_) {
    tell("{}\n", text);
    return;
  }
  winsize size{};
  std::size_t columns = 80;
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) columns = size.ws_col;
  // A line that wraps cannot be redrawn.
  const std::string fitted = text.substr(0, columns - 1);
  tell("\r\033[K{}{}{}{}", colour_ ? "\033[36m" : "", fitted, colour_ ? "\033[0m" : "", last ? "\n" : "");
}

}  // namespace chrysalis
