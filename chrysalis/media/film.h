// Films: H.264 in MP4, as every browser and player shows them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "chrysalis/core/result.h"

namespace chrysalis {

struct FilmFormat {
  int width = 96;  // Of the frames given; even times `factor`.
  int height = 72;
  int frames_per_second = 15;
  int factor = 6;  // Each pixel becomes factor x factor, so that 96 x 72 is watchable.
};

// Written beside `path` and renamed by finish(): an abandoned or failed film leaves nothing behind, and a
// film that was there before stays. One thread at a time.
class FilmWriter {
 public:
  static Result<FilmWriter> create(const std::string& path, const FilmFormat& format);
  FilmWriter(FilmWriter&&) noexcept;
  FilmWriter& operator=(FilmWriter&&) noexcept;
  ~FilmWriter();

  // height x width x 3 bytes, interleaved RGB. After an error the film is lost and every call repeats the
  // error.
  Status add(std::span<const std::uint8_t> rgb);
  // Completes the file; at least one frame must have been added. Nothing can be added afterwards.
  Status finish();

 private:
  struct Encoder;
  explicit FilmWriter(std::unique_ptr<Encoder> encoder);
  std::unique_ptr<Encoder> encoder_;
};

}  // namespace chrysalis
