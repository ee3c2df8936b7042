#include "chrysalis/env/dmlab_config.h"

#include <algorithm>
#include <array>

namespace chrysalis {
namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\n") - begin + 1);
}

// What Chrysalis sets itself, and where to say it instead.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kOwn = {{
    {"levelName", "level.name = \"dmlab:LEVEL\""},
    {"width", "environment.width"},
    {"height", "environment.height"},
    {"fps", "nothing: it is 60, as everywhere"},
}};

}  // namespace

bool is_dmlab_level(std::string_view name) {
  return name.starts_with(kDmlabPrefix);
}

Result<std::vector<std::pair<std::string, std::string>>> parse_dmlab_settings(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> settings;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(';'), text.size());
    const std::string_view entry = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (entry.empty()) continue;
    const std::size_t equals = entry.find('=');
    const std::string key(trimmed(entry.substr(0, std::min(equals, entry.size()))));
    if (equals == std::string_view::npos || key.empty())
      return invalid_input("dmlab.settings has \"{}\": expected key=value, entries parted by ';'", entry);
    for (const auto& [own, instead] : kOwn)
      if (key == own) return invalid_input("dmlab.settings sets {}: expected {}", key, instead);
    if (std::ranges::find(settings, key, &std::pair<std::string, std::string>::first) != settings.end())
      return invalid_input("dmlab.settings has {} twice: expected each key once", key);
    settings.emplace_back(key, trimmed(entry.substr(equals + 1)));
  }
  return settings;
}

}  // namespace chrysalis
