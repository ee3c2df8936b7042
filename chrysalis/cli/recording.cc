#include "chrysalis/cli/recording.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>

namespace chrysalis {
namespace {

constexpr std::string_view kMagic = "# chrysalis recording ";
constexpr std::string_view kVersion = "1";
// A hash costs as much as saving the world, and the second that it closes is what a kill may lose.
constexpr std::int64_t kHashFrames = kFramesPerSecond;

class Collector final : public FieldVisitor {
 public:
  void field(const FieldSpec& spec, std::int64_t& value) override { add(spec, fmt::format("{}", value)); }
  void field(const FieldSpec& spec, double& value) override { add(spec, fmt::format("{}", value)); }
  void field(const FieldSpec& spec, bool& value) override { add(spec, value ? "true" : "false"); }
  void field(const FieldSpec& spec, std::string& value) override { add(spec, value); }
  LevelSettings settings;

 private:
  void add(const FieldSpec& spec, std::string text) { settings.emplace_back(path(spec), std::move(text)); }
};

std::string_view without_blanks(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

template <typename Number>
bool parse_whole(std::string_view text, Number& number, int base = 10) {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return code == std::errc() && end == text.data() + text.size();
}

// Seven integers, separated by commas; blanks around them do not matter.
Result<RawAction> parse_action(std::string_view line, const std::string& where) {
  std::array<int, kRawActionParts.size()> parts{};
  std::size_t count = 0;
  while (count < parts.size()) {
    const std::size_t comma = line.find(',');
    const std::string_view cell = without_blanks(line.substr(0, comma));
    if (!parse_whole(cell, parts[count]))
      return invalid_input("{}: '{}' in place {}: expected a whole number for {}", where, cell, count + 1,
                           kRawActionParts[count].name);
    ++count;
    if (comma == std::string_view::npos) {
      line = {};
      break;
    }
    line.remove_prefix(comma + 1);
    if (count == parts.size()) return invalid_input("{}: more than seven numbers", where);
  }
  if (count != parts.size()) return invalid_input("{}: {} numbers: expected seven", where, count);
  Result<RawAction> action = make_raw_action(parts);
  if (!action.ok()) return invalid_input("{}: {}", where, action.error().message);
  return action;
}

Status parse_hash(std::string_view value, std::int64_t line, const std::string& where, Recording& recording) {
  constexpr std::size_t kHashDigits = 16;
  const std::size_t blank = std::min(value.find(' '), value.size());
  const std::string_view digits = without_blanks(value.substr(blank));
  Recording::Hash hash{.line = line};
  if (!parse_whole(value.substr(0, blank), hash.frame) || digits.size() != kHashDigits ||
      !parse_whole(digits, hash.hash, 16))
    return invalid_input("{}: 'hash {}': expected a frame and a hash of {} hexadecimal digits", where, value,
                         kHashDigits);
  const auto frames = static_cast<std::int64_t>(recording.frames.size());
  if (hash.frame != frames)
    return invalid_input("{}: the hash of frame {} stands after frame {}: lines are missing or were added",
                         where, hash.frame, frames);
  recording.hashes.push_back(hash);
  return {};
}

// A comment of a file that has a header. What begins with no known word is a comment like any other.
Status parse_comment(std::string_view comment, std::int64_t line, const std::string& where,
                     Recording& recording) {
  const std::size_t blank = std::min(comment.find(' '), comment.size());
  const std::string_view word = comment.substr(0, blank);
  const std::string_view value = without_blanks(comment.substr(blank));
  if (word == "hash") return parse_hash(value, line, where, recording);
  if (word != "level" && word != "seed" && word != "set") return {};
  if (!recording.frames.empty()) return invalid_input("{}: '{}' after the first action", where, comment);
  if (word == "set") {
    recording.assignments.emplace_back(value);
    return {};
  }
  if (word == "level" ? recording.level.has_value() : recording.seed.has_value())
    return invalid_input("{}: '{}': the {} stands above already", where, comment, word);
  if (word == "level") {
    recording.level = value;
  } else if (!parse_whole(value, recording.seed.emplace())) {
    return invalid_input("{}: '{}': expected a whole number, 0 or more", where, comment);
  }
  return {};
}

std::filesystem::path part_of(std::filesystem::path path) {
  return path += ".part";
}

}  // namespace

LevelSettings level_settings(LevelConfig config) {
  Collector collector;
  config.visit(collector);
  return std::move(collector.settings);
}

std::vector<std::string> level_assignments(const LevelConfig& config) {
  const LevelSettings settings = level_settings(config);
  const LevelSettings defaults = level_settings({.name = config.name});
  std::vector<std::string> assignments;
  for (std::size_t i = 0; i < settings.size(); ++i)
    if (settings[i] != defaults[i])
      assignments.push_back(fmt::format("{}={}", settings[i].first, settings[i].second));
  return assignments;
}

Result<Recording> read_recording(std::istream& in, const std::string& source) {
  Recording recording;
  bool has_header = false;
  std::string line;
  for (std::int64_t number = 1; std::getline(in, line); ++number) {
    const std::string where = fmt::format("{}:{}", source, number);
    if (number == 1 && line.starts_with(kMagic)) {
      const std::string_view version = without_blanks(std::string_view(line).substr(kMagic.size()));
      if (version != kVersion)
        return invalid_input("{}: a recording of version '{}': expected version {}", where, version,
                             kVersion);
      has_header = true;
    } else if (line.starts_with('#')) {
      if (has_header)
        CHRYSALIS_RETURN_IF_ERROR(
            parse_comment(without_blanks(std::string_view(line).substr(1)), number, where, recording));
    } else if (!line.empty() && line != "\r") {
      CHRYSALIS_ASSIGN_OR_RETURN(const RawAction action, parse_action(line, where));
      recording.frames.push_back({action, number});
    }
  }
  return recording;
}

RecordingWriter::RecordingWriter(const std::filesystem::path& path, FileDescriptor file)
    : path_(path), part_(part_of(path)), file_(std::move(file)) {}

Result<std::unique_ptr<RecordingWriter>> RecordingWriter::create(const std::filesystem::path& path,
                                                                 const LevelConfig& level, std::uint64_t seed,
                                                                 const World& world) {
  const std::filesystem::path part = part_of(path);
  FileDescriptor file(::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!file.valid() && errno == EEXIST)
    return invalid_input(
        "{}: left by a recording that was cut short, or of one that goes on: rename it or take it away",
        part.string());
  if (!file.valid()) return file_error(part, "create the file", errno);
  std::unique_ptr<RecordingWriter> writer(new RecordingWriter(path, std::move(file)));
  std::string& text = writer->pending_;
  text = fmt::format("{}{}\n# level {}\n# seed {}\n", kMagic, kVersion, level.name, seed);
  for (const std::string& assignment : level_assignments(level))
    text += fmt::format("# set {}\n", assignment);
  for (const RawActionPart& action_part : kRawActionParts)
    text += fmt::format("{}{}", text.ends_with('\n') ? "# " : ",", action_part.name);
  text += "\n";
  writer->add_hash(world);
  CHRYSALIS_RETURN_IF_ERROR(writer->write());
  return writer;
}

RecordingWriter::~RecordingWriter() {
  if (file_.valid() && frames_ == 0) remove();
}

Status RecordingWriter::add(const RawAction& action, const World& world) {
  ++frames_;
  pending_ += fmt::format("{}\n", fmt::join(action.parts(), ","));
  if (frames_ % kHashFrames != 0) return {};
  add_hash(world);
  return write();
}

Status RecordingWriter::finish(const World& world) {
  if (frames_ == 0) {
    remove();
    return {};
  }
  if (hashed_frame_ != frames_) add_hash(world);
  CHRYSALIS_RETURN_IF_ERROR(write());
  if (::fsync(file_.get()) != 0) return file_error(part_, "write the file to the disk", errno);
  if (const int closed = file_.close(); closed != 0) return file_error(part_, "write the file", closed);
  CHRYSALIS_RETURN_IF_ERROR(rename_path(part_, path_));
  return sync_directory(path_.parent_path().empty() ? "." : path_.parent_path());
}

void RecordingWriter::add_hash(const World& world) {
  hashed_frame_ = frames_;
  pending_ += fmt::format("# hash {} {:016x}\n", frames_, world.hash());
}

Status RecordingWriter::write() {
  std::size_t at = 0;
  while (at < pending_.size()) {
    const ssize_t put = ::write(file_.get(), pending_.data() + at, pending_.size() - at);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) {
      const int error_number = errno;
      // Or the next try would begin in the middle of a line.
      if (::ftruncate(file_.get(), bytes_) != 0 || ::lseek(file_.get(), bytes_, SEEK_SET) != bytes_)
        return file_error(part_, "write the file, nor cut it to what is whole", errno);
      return file_error(part_, "write the file", error_number);
    }
    at += static_cast<std::size_t>(put);
  }
  bytes_ += static_cast<std::int64_t>(pending_.size());
  pending_.clear();
  return {};
}

void RecordingWriter::remove() {
  file_.close();
  ::unlink(part_.c_str());
}

}  // namespace chrysalis
