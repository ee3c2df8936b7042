// DM Lab's C API as its clients see it: the layout of what crosses the boundary of its shared library, whose
// one export is dmlab_connect(). Both doors speak it: the real DM Lab behind an environment, and our levels
// behind that API. The names are DM Lab's (env_c_api.h and dmlab.h of its public repository); offsets are
// held by assertions below.
#pragma once

#include <cstddef>
#include <cstdint>

namespace chrysalis::dmlab {

inline constexpr const char* kConnectSymbol = "dmlab_connect";

// What init(), start() and the like answer is 0 where they did it; error_message() says what went wrong.
enum class AdvanceStatus : int { kRunning = 0, kInterrupted = 1, kError = 2, kTerminated = 3 };
enum class ObservationType : int { kDoubles = 0, kBytes = 1, kString = 2 };
enum class PropertyResult : int { kSuccess = 0, kNotFound = 1, kPermissionDenied = 2, kInvalidArgument = 3 };
enum PropertyAttribute : int { kReadable = 1, kWritable = 2, kListable = 4 };
enum class RendererKind : int { kSoftware = 0, kHardware = 1 };

// The shape of an observation, row-major and contiguous. A dimension of 0 is not known before it is seen.
struct ObservationSpec {
  ObservationType type;
  int dims;
  const int* shape;
};

// Valid until the next call with the same context.
struct Observation {
  ObservationSpec spec;
  union Payload {
    const double* doubles;
    const unsigned char* bytes;
    const char* string;  // shape[0] long, not ended by 0.
  } payload;
};

struct Event {
  int id;
  int observation_count;
  const Observation* observations;
};

// A text action: `length` bytes, not ended by 0.
struct TextAction {
  const char* data;
  std::uint64_t length;
};

struct LevelCacheParams {
  // Copies the compiled map that `paths` and their contents stand for to `pk3_path`: true where it was there.
  bool (*fetch)(void* context, const char* const paths[], int count, const char* key, const char* pk3_path);
  // Takes the file at `pk3_path` into the cache.
  void (*write)(void* context, const char* const paths[], int count, const char* key, const char* pk3_path);
  void* context;
};

struct LaunchParams {
  const char* runfiles_path;
  RendererKind renderer;
  LevelCacheParams level_cache;
  const void* file_reader_override;
  const char* optional_temp_folder;
  const void* read_only_file_system;
};

using PropertyCallback = void (*)(void* userdata, const char* key, PropertyAttribute attributes);

// Every function's first argument is the context that dmlab_connect() gave.
struct EnvCApi {
  int (*setting)(void* context, const char* key, const char* value);
  int (*init)(void* context);
  int (*start)(void* context, int episode, int seed);
  void (*release_context)(void* context);
  const char* (*error_message)(void* context);
  PropertyResult (*write_property)(void* context, const char* key, const char* value);
  PropertyResult (*read_property)(void* context, const char* key, const char** value);
  PropertyResult (*list_property)(void* context, void* userdata, const char* list_key,
                                  PropertyCallback callback);
  const char* (*environment_name)(void* context);
  int (*action_discrete_count)(void* context);
  int (*action_continuous_count)(void* context);
  int (*action_text_count)(void* context);
  const char* (*action_discrete_name)(void* context, int index);
  const char* (*action_continuous_name)(void* context, int index);
  const char* (*action_text_name)(void* context, int index);
  void (*action_discrete_bounds)(void* context, int index, int* min, int* max);
  void (*action_continuous_bounds)(void* context, int index, double* min, double* max);
  int (*observation_count)(void* context);
  const char* (*observation_name)(void* context, int index);
  void (*observation_spec)(void* context, int index, ObservationSpec* spec);
  int (*event_type_count)(void* context);
  const char* (*event_type_name)(void* context, int index);
  void (*observation)(void* context, int index, Observation* observation);
  int (*event_count)(void* context);
  void (*event)(void* context, int index, Event* event);
  void (*act_discrete)(void* context, const int actions[]);
  void (*act_continuous)(void* context, const double actions[]);
  void (*act_text)(void* context, const TextAction actions[]);
  AdvanceStatus (*advance)(void* context, int frames, double* reward);
};

// 0 ok, 1 already connected, 2 out of memory, 3 null parameters, 4 empty runfiles path.
using ConnectFunction = int (*)(const LaunchParams* params, EnvCApi* api, void** context);

static_assert(sizeof(void*) != 8 ||
              (offsetof(LaunchParams, level_cache) == 16 &&
               offsetof(LaunchParams, optional_temp_folder) == 48 && sizeof(LaunchParams) == 64));
static_assert(sizeof(EnvCApi) == 29 * sizeof(void (*)()));
static_assert(sizeof(void*) != 8 ||
              (offsetof(ObservationSpec, shape) == 8 && offsetof(Observation, payload) == 16));

}  // namespace chrysalis::dmlab
