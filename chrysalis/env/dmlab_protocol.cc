#include "chrysalis/env/dmlab_protocol.h"

namespace chrysalis::dmlab {

std::vector<std::uint8_t> Launch::bytes() const {
  ByteWriter out;
  out.number(kProtocolVersion);
  out.text(library);
  out.text(runfiles);
  out.number(hardware_renderer);
  out.text(level);
  out.number(width);
  out.number(height);
  out.number<std::uint64_t>(settings.size());
  for (const auto& [key, value] : settings) {
    out.text(key);
    out.text(value);
  }
  out.text(level_cache);
  out.number(level_cache_bytes);
  out.text(temporary_folder);
  return out.take();
}

Result<Launch> Launch::read(std::span<const std::uint8_t> bytes) {
  ByteReader in(bytes);
  if (const auto version = in.number<std::uint32_t>(); version != kProtocolVersion)
    return invalid_input(
        "{} is of another build than the program that started it: it speaks version {}, the "
        "program {}",
        kHostProgram, kProtocolVersion, version);
  Launch launch;
  launch.library = in.text();
  launch.runfiles = in.text();
  in.number(launch.hardware_renderer);
  launch.level = in.text();
  in.number(launch.width);
  in.number(launch.height);
  for (auto count = in.number<std::uint64_t>(); count > 0 && !in.failed(); --count) {
    std::string key = in.text();
    launch.settings.emplace_back(std::move(key), in.text());
  }
  launch.level_cache = in.text();
  in.number(launch.level_cache_bytes);
  launch.temporary_folder = in.text();
  if (in.failed() || !in.at_end())
    return invalid_input("{} was launched with a malformed message", kHostProgram);
  return launch;
}

}  // namespace chrysalis::dmlab
