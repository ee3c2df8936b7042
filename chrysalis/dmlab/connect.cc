#include "chrysalis/dmlab/connect.h"

#include "chrysalis/dmlab/context.h"
#include "chrysalis/world/action.h"

namespace chrysalis::dmlab {
namespace {

constexpr int kFailed = 1;
constexpr int kActionCount = static_cast<int>(kRawActionParts.size());

int setting(void* context, const char* key, const char* value) {
  return Context::answer(context, kFailed, [&](Context& c) -> Result<int> {
    CHRYSALIS_RETURN_IF_ERROR(not_null({{"key", key}, {"value", value}}));
    CHRYSALIS_RETURN_IF_ERROR(c.lab.setting(key, value));
    return 0;
  });
}

int init(void* context) {
  return Context::answer(context, kFailed, [](Context& c) -> Result<int> {
    CHRYSALIS_RETURN_IF_ERROR(c.lab.init());
    return 0;
  });
}

int start(void* context, int episode, int seed) {
  return Context::answer(context, kFailed, [&](Context& c) -> Result<int> {
    CHRYSALIS_RETURN_IF_ERROR(c.lab.start(episode, seed));
    return 0;
  });
}

void release_context(void* context) {
  delete static_cast<Context*>(context);
}

const char* error_message(void* context) {
  return context == nullptr ? "no context" : static_cast<Context*>(context)->error.c_str();
}

// Of the last call, whose message becomes the context's.
PropertyResult noted(Context& context, Lab::PropertyAnswer answer) {
  context.error = std::move(answer.message);
  return answer.result;
}

PropertyResult write_property(void* context, const char* key, const char* value) {
  return Context::answer(context, PropertyResult::kInvalidArgument,
                         [&](Context& c) -> Result<PropertyResult> {
                           CHRYSALIS_RETURN_IF_ERROR(not_null({{"key", key}, {"value", value}}));
                           return noted(c, c.lab.write_property(key, value));
                         });
}

PropertyResult read_property(void* context, const char* key, const char** value) {
  return Context::answer(context, PropertyResult::kInvalidArgument,
                         [&](Context& c) -> Result<PropertyResult> {
                           CHRYSALIS_RETURN_IF_ERROR(not_null({{"key", key}, {"value", value}}));
                           const PropertyResult result = noted(c, c.lab.read_property(key, c.property));
                           if (result == PropertyResult::kSuccess) *value = c.property.c_str();
                           return result;
                         });
}

PropertyResult list_property(void* context, void* userdata, const char* key, PropertyCallback callback) {
  return Context::answer(
      context, PropertyResult::kInvalidArgument, [&](Context& c) -> Result<PropertyResult> {
        CHRYSALIS_RETURN_IF_ERROR(
            not_null({{"list_key", key}, {"callback", reinterpret_cast<const void*>(callback)}}));
        const auto visit = [&](const char* name, PropertyAttribute attributes) {
          callback(userdata, name, attributes);
        };
        return noted(c, c.lab.list_property(key, visit));
      });
}

const char* environment_name(void*) {
  return "chrysalis";
}

int action_discrete_count(void*) {
  return kActionCount;
}
int none(void*) {
  return 0;
}

const char* action_discrete_name(void* context, int index) {
  return Context::answer(context, "", [&](Context&) -> Result<const char*> {
    CHRYSALIS_RETURN_IF_ERROR(in_range("discrete action", index, kActionCount));
    return kRawActionParts[static_cast<std::size_t>(index)].name.data();  // A literal, ended by 0.
  });
}
const char* action_continuous_name(void* context, int index) {
  return Context::answer(
      context, "", [&](Context&) -> Result<const char*> { return none_of("continuous action", index); });
}
const char* action_text_name(void* context, int index) {
  return Context::answer(context, "",
                         [&](Context&) -> Result<const char*> { return none_of("text action", index); });
}

void action_discrete_bounds(void* context, int index, int* min, int* max) {
  if (min != nullptr) *min = 0;
  if (max != nullptr) *max = 0;
  Context::answer(context, false, [&](Context&) -> Result<bool> {
    CHRYSALIS_RETURN_IF_ERROR(not_null({{"min", min}, {"max", max}}));
    CHRYSALIS_RETURN_IF_ERROR(in_range("discrete action", index, kActionCount));
    *min = kRawActionParts[static_cast<std::size_t>(index)].min;
    *max = kRawActionParts[static_cast<std::size_t>(index)].max;
    return true;
  });
}
void action_continuous_bounds(void* context, int index, double* min, double* max) {
  if (min != nullptr) *min = 0;
  if (max != nullptr) *max = 0;
  Context::answer(context, false,
                  [&](Context&) -> Result<bool> { return none_of("continuous action", index); });
}

int observation_count(void*) {
  return Observations::count();
}

const char* observation_name(void* context, int index) {
  return Context::answer(context, "", [&](Context&) -> Result<const char*> {
    CHRYSALIS_RETURN_IF_ERROR(in_range("observation", index, Observations::count()));
    return Observations::name(index);
  });
}

void observation_spec(void* context, int index, ObservationSpec* spec) {
  if (spec != nullptr) *spec = Observations::empty_spec();
  Context::answer(context, false, [&](Context& c) -> Result<bool> {
    CHRYSALIS_RETURN_IF_ERROR(not_null({{"spec", spec}}));
    CHRYSALIS_ASSIGN_OR_RETURN(*spec, c.lab.observation_spec(index));
    return true;
  });
}

const char* event_type_name(void* context, int index) {
  return Context::answer(context, "",
                         [&](Context&) -> Result<const char*> { return none_of("event type", index); });
}

void observation(void* context, int index, Observation* given) {
  if (given != nullptr) *given = Observations::empty();
  Context::answer(context, false, [&](Context& c) -> Result<bool> {
    CHRYSALIS_RETURN_IF_ERROR(not_null({{"observation", given}}));
    CHRYSALIS_RETURN_IF_ERROR(c.lab.observe(index, *given));
    return true;
  });
}

void event(void* context, int index, Event* given) {
  if (given != nullptr) *given = {.id = -1, .observation_count = 0, .observations = nullptr};
  Context::answer(context, false, [&](Context&) -> Result<bool> { return none_of("event", index); });
}

void act_discrete(void* context, const int actions[]) {
  Context::answer(context, false, [&](Context& c) -> Result<bool> {
    CHRYSALIS_RETURN_IF_ERROR(not_null({{"actions", actions}}));
    c.lab.act(std::span<const int, kActionCount>(actions, kActionCount));
    return true;
  });
}
// There are none, so there is nothing to do, as in the original.
void act_continuous(void*, const double[]) {}
void act_text(void*, const TextAction[]) {}

AdvanceStatus advance(void* context, int steps, double* reward) {
  if (reward != nullptr) *reward = 0;
  return Context::answer(context, AdvanceStatus::kError, [&](Context& c) -> Result<AdvanceStatus> {
    CHRYSALIS_RETURN_IF_ERROR(not_null({{"reward", reward}}));
    CHRYSALIS_ASSIGN_OR_RETURN(const Lab::Advance advanced, c.lab.advance(steps));
    *reward = advanced.reward;
    return advanced.status;
  });
}

constexpr EnvCApi kApi = {.setting = setting,
                          .init = init,
                          .start = start,
                          .release_context = release_context,
                          .error_message = error_message,
                          .write_property = write_property,
                          .read_property = read_property,
                          .list_property = list_property,
                          .environment_name = environment_name,
                          .action_discrete_count = action_discrete_count,
                          .action_continuous_count = none,
                          .action_text_count = none,
                          .action_discrete_name = action_discrete_name,
                          .action_continuous_name = action_continuous_name,
                          .action_text_name = action_text_name,
                          .action_discrete_bounds = action_discrete_bounds,
                          .action_continuous_bounds = action_continuous_bounds,
                          .observation_count = observation_count,
                          .observation_name = observation_name,
                          .observation_spec = observation_spec,
                          .event_type_count = none,
                          .event_type_name = event_type_name,
                          .observation = observation,
                          .event_count = none,
                          .event = event,
                          .act_discrete = act_discrete,
                          .act_continuous = act_continuous,
                          .act_text = act_text,
                          .advance = advance};

}  // namespace
}  // namespace chrysalis::dmlab

int dmlab_connect(const chrysalis::dmlab::LaunchParams* params, chrysalis::dmlab::EnvCApi* api,
                  void** context) {
  using chrysalis::dmlab::Context;
  if (params == nullptr || api == nullptr || context == nullptr) return 3;
  if (params->runfiles_path == nullptr || params->runfiles_path[0] == '\0') return 4;
  auto* made = new (std::nothrow) Context;
  if (made == nullptr) return 2;
  *api = chrysalis::dmlab::kApi;
  *context = made;
  return 0;
}
