#include "chrysalis/levels/map_text.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "chrysalis/core/field.h"

namespace chrysalis {
namespace {

constexpr std::string_view kFirstLine = "chrysalis map ";
constexpr std::string_view kBlanks = " \t";
constexpr std::size_t kShownMax = 60;  // Bytes of what was found.

// For a message: short, of one line, of printable ASCII.
std::string shown(std::string_view found) {
  std::string text(found.substr(0, kShownMax));
  for (char& c : text)
    if (c < ' ' || c > '~') c = '?';
  return found.size() > kShownMax ? text + "..." : text;
}

template <typename T>
bool parse(std::string_view text, T& value) {
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  return failed == std::errc{} && end == text.data() + text.size();
}

}  // namespace

MapText::MapText(std::string_view text, std::string_view source) : source_(source) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    lines_.push_back(line);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  while (!lines_.empty() && lines_.back().find_first_not_of(' ') == std::string_view::npos) lines_.pop_back();
}

Status MapText::read_version() {
  for (version_ = kMapVersion; version_ > 0; --version_)
    if (line(1) == fmt::format("{}{}", kFirstLine, version_)) return {};
  return error({}, line(1), fmt::format("\"{0}1\" or \"{0}{1}\"", kFirstLine, kMapVersion));
}

std::string_view MapText::line(int number) const {
  return number <= line_count() ? lines_[static_cast<std::size_t>(number) - 1] : std::string_view();
}

MapLine MapText::words(int number) const {
  const std::string_view text = line(number);
  MapLine words;
  std::size_t at = 0;
  while ((at = text.find_first_not_of(kBlanks, at)) != std::string_view::npos) {
    const std::size_t end = std::min(text.find_first_of(kBlanks, at), text.size());
    words.push_back({text.substr(at, end - at), {number, static_cast<int>(at) + 1}});
    at = end;
  }
  words.push_back({{}, {number, static_cast<int>(text.size()) + 1}});
  return words;
}

Error MapText::error(MapPlace place, std::string_view found, std::string_view expected) const {
  return invalid_input("{}:{}:{}: found \"{}\", expected {}", source_, place.line, place.column, shown(found),
                       expected);
}

Result<int> MapText::number(const MapWord& word, int low, int high) const {
  int value = 0;
  if (!parse(word.text, value) || value < low || value > high)
    return error(word, fmt::format("a whole number, {} to {}", low, high));
  return value;
}

Result<double> MapText::decimal(const MapWord& word, double low, double high) const {
  double value = 0;
  if (!parse(word.text, value) || !(value >= low && value <= high))
    return error(word, fmt::format("a number, {} to {}", low, high));
  return value;
}

Result<MaterialId> MapText::material(const MapWord& word) const {
  const auto id = find_material(word.text);
  if (id) return *id;
  std::vector<std::string> names;
  for (const Material& material : material_catalog()) names.push_back(material.name);
  return error(word, "a material" + did_you_mean(word.text.substr(0, kShownMax), names));
}

Result<int> MapText::choice(const MapWord& word, std::span<const std::string_view> names) const {
  const auto found = std::find(names.begin(), names.end(), word.text);
  if (found != names.end()) return static_cast<int>(found - names.begin());
  return error(word, fmt::format("one of {}{}", fmt::join(names, ", "),
                                 did_you_mean(word.text.substr(0, kShownMax),
                                              std::vector<std::string>(names.begin(), names.end()))));
}

}  // namespace chrysalis
