#include "chrysalis/media/film.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>
}

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <utility>

#include "chrysalis/core/check.h"

namespace chrysalis {
namespace {

constexpr int kSideMax = 4096;

std::string reason_of(int av_error) {
  char text[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(av_error, text, sizeof(text));
  return text;
}

Status check_format(const std::string& path, const FilmFormat& f) {
  if (f.width < 1 || f.height < 1 || f.factor < 1 || f.width > kSideMax / f.factor ||
      f.height > kSideMax / f.factor) {
    return invalid_input("{}: a film of {} x {} pixels enlarged {} times; each side must come to 1 to {}",
                         path, f.width, f.height, f.factor, kSideMax);
  }
  if (f.width * f.factor % 2 != 0 || f.height * f.factor % 2 != 0) {
    return invalid_input("{}: a film of {} x {} pixels; H.264 needs both sides even", path,
                         f.width * f.factor, f.height * f.factor);
  }
  if (f.frames_per_second < 1 || f.frames_per_second > 240) {
    return invalid_input("{}: {} frames per second; 1 to 240 are possible", path, f.frames_per_second);
  }
  return {};
}

}  // namespace

struct FilmWriter::Encoder {
  std::string path;
  std::string beside;
  std::string url;  // Of `beside`: a name with a colon would otherwise be one of another protocol.
  FilmFormat format;
  AVFormatContext* container = nullptr;
  AVCodecContext* codec = nullptr;
  AVStream* stream = nullptr;
  SwsContext* scaler = nullptr;
  AVFrame* frame = nullptr;
  AVPacket* packet = nullptr;
  bool file_open = false;
  bool complete = false;
  std::int64_t frame_count = 0;
  std::optional<Error> failed;

  Encoder(const std::string& path, const FilmFormat& format)
      : path(path), beside(path + ".part"), url("file:" + beside), format(format) {}
  Encoder(const Encoder&) = delete;
  ~Encoder() { close(); }

  void close() {
    sws_freeContext(std::exchange(scaler, nullptr));
    av_frame_free(&frame);
    av_packet_free(&packet);
    avcodec_free_context(&codec);
    if (container != nullptr && container->pb != nullptr) avio_closep(&container->pb);
    avformat_free_context(std::exchange(container, nullptr));
    if (file_open && !complete) std::remove(beside.c_str());
    file_open = false;
  }

  // Remembers the error and removes what was written.
  Status fail(const char* doing, int av_error) {
    failed = io_error("cannot {} {}: {}", doing, path, reason_of(av_error));
    close();
    return *failed;
  }

  Status open() {
    // The name tells MP4, whatever `path` ends in.
    if (int e = avformat_alloc_output_context2(&container, nullptr, "mp4", url.c_str()); e < 0) {
      return fail("begin", e);
    }
    const AVCodec* h264 = avcodec_find_encoder_by_name("libx264");
    if (h264 == nullptr) return fail("encode", AVERROR_ENCODER_NOT_FOUND);
    codec = avcodec_alloc_context3(h264);
    stream = avformat_new_stream(container, nullptr);
    frame = av_frame_alloc();
    packet = av_packet_alloc();
    CHRYSALIS_CHECK(codec && stream && frame && packet, "no memory for a film");
    codec->width = format.width * format.factor;
    codec->height = format.height * format.factor;
    codec->pix_fmt = AV_PIX_FMT_YUV420P;
    codec->time_base = {1, format.frames_per_second};
    codec->framerate = {format.frames_per_second, 1};
    codec->gop_size = format.frames_per_second * 2;
    // The training threads keep the cores; a film is small.
    codec->thread_count = 1;
    codec->color_range = AVCOL_RANGE_MPEG;
    if (container->oformat->flags & AVFMT_GLOBALHEADER) codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    av_opt_set(codec->priv_data, "preset", "veryfast", 0);
    av_opt_set(codec->priv_data, "crf", "20", 0);
    if (int e = avcodec_open2(codec, h264, nullptr); e < 0) return fail("encode", e);
    stream->time_base = codec->time_base;
    stream->avg_frame_rate = codec->framerate;
    if (int e = avcodec_parameters_from_context(stream->codecpar, codec); e < 0) return fail("encode", e);
    frame->format = codec->pix_fmt;
    frame->width = codec->width;
    frame->height = codec->height;
    if (int e = av_frame_get_buffer(frame, 0); e < 0) return fail("encode", e);
    scaler = sws_getContext(format.width, format.height, AV_PIX_FMT_RGB24, codec->width, codec->height,
                            codec->pix_fmt, SWS_POINT, nullptr, nullptr, nullptr);
    if (scaler == nullptr) return fail("scale", AVERROR(EINVAL));
    if (int e = avio_open(&container->pb, url.c_str(), AVIO_FLAG_WRITE); e < 0) return fail("write", e);
    file_open = true;
    // The index first, so that a browser can begin before the whole film is there.
    AVDictionary* options = nullptr;
    av_dict_set(&options, "movflags", "+faststart", 0);
    const int e = avformat_write_header(container, &options);
    av_dict_free(&options);
    return e < 0 ? fail("write", e) : Status();
  }

  // Sends `input` (null: no more frames) and writes every packet that comes out.
  Status encode(const AVFrame* input) {
    if (int e = avcodec_send_frame(codec, input); e < 0) return fail("encode", e);
    while (true) {
      const int got = avcodec_receive_packet(codec, packet);
      if (got == AVERROR(EAGAIN) || got == AVERROR_EOF) return {};
      if (got < 0) return fail("encode", got);
      packet->duration = 1;
      av_packet_rescale_ts(packet, codec->time_base, stream->time_base);
      packet->stream_index = stream->index;
      if (int e = av_interleaved_write_frame(container, packet); e < 0) return fail("write", e);
    }
  }
};

FilmWriter::FilmWriter(std::unique_ptr<Encoder> encoder) : encoder_(std::move(encoder)) {}
FilmWriter::FilmWriter(FilmWriter&&) noexcept = default;
FilmWriter& FilmWriter::operator=(FilmWriter&&) noexcept = default;
FilmWriter::~FilmWriter() = default;

Result<FilmWriter> FilmWriter::create(const std::string& path, const FilmFormat& format) {
  CHRYSALIS_RETURN_IF_ERROR(check_format(path, format));
  // Otherwise the encoder reports its settings on the terminal.
  av_log_set_level(AV_LOG_ERROR);
  auto encoder = std::make_unique<Encoder>(path, format);
  CHRYSALIS_RETURN_IF_ERROR(encoder->open());
  return FilmWriter(std::move(encoder));
}

Status FilmWriter::add(std::span<const std::uint8_t> rgb) {
  Encoder& e = *encoder_;
  if (e.failed) return *e.failed;
  CHRYSALIS_CHECK(!e.complete, "the film {} is finished", e.path);
  const auto expected = static_cast<std::size_t>(e.format.width) * e.format.height * 3;
  if (rgb.size() != expected) {
    return invalid_input("{}: a frame of {} bytes; {} x {} pixels are {}", e.path, rgb.size(), e.format.width,
                         e.format.height, expected);
  }
  if (int error = av_frame_make_writable(e.frame); error < 0) return e.fail("encode", error);
  const std::uint8_t* rows[] = {rgb.data()};
  const int strides[] = {e.format.width * 3};
  sws_scale(e.scaler, rows, strides, 0, e.format.height, e.frame->data, e.frame->linesize);
  e.frame->pts = e.frame_count++;
  return e.encode(e.frame);
}

Status FilmWriter::finish() {
  Encoder& e = *encoder_;
  if (e.failed) return *e.failed;
  if (e.complete) return {};
  if (e.frame_count == 0) {
    e.failed = invalid_input("{}: a film without frames", e.path);
    e.close();
    return *e.failed;
  }
  CHRYSALIS_RETURN_IF_ERROR(e.encode(nullptr));
  if (int error = av_write_trailer(e.container); error < 0) return e.fail("write", error);
  if (int error = avio_closep(&e.container->pb); error < 0) return e.fail("write", error);
  if (std::rename(e.beside.c_str(), e.path.c_str()) != 0) return e.fail("rename", AVERROR(errno));
  e.complete = true;
  e.close();
  return {};
}

}  // namespace chrysalis
