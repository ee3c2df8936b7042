// Runs a fuzzer without libFuzzer: its seeds as they are, then so many inputs that are made from them by a
// few random changes each. The same count gives the same inputs.
//
//   NAME_fuzz COUNT [SEED]    runs it; an input that breaks something is left in NAME_fuzz.input
//   NAME_fuzz --input FILE    one input, as libFuzzer and the line above leave them
//   NAME_fuzz --seeds DIR     writes what it begins with, for libFuzzer
#include <fmt/format.h>
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "chrysalis/core/random.h"
#include "fuzz.h"

namespace chrysalis {
namespace {

// What a crash leaves behind: the input at hand, and where it goes.
std::string input;
std::string input_path;

void save_input() {
  std::ofstream(input_path, std::ios::binary).write(input.data(), static_cast<std::streamsize>(input.size()));
}
void on_abort(int) {
  save_input();
  std::_Exit(1);
}

int run_input() {
  return LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

constexpr std::string_view kNumbers[] = {"0",     "-1",  "1",          "16",  "48",   "99",
                                         "100",   "255", "800",        "-32", "1000", "16000",
                                         "1e300", "0.5", "2147483648", "-0",  "+3",   "99999999999999999999"};

class Mutator {
 public:
  Mutator(std::vector<std::string> seeds, std::vector<std::string> words, std::uint64_t seed)
      : seeds_(std::move(seeds)), words_(std::move(words)), random_(RandomKey(seed)) {}

  std::string next() {
    std::string text = pick(seeds_);
    for (int changes = random_.between(1, 6); changes > 0 && !text.empty(); --changes) change(text);
    return text;
  }

 private:
  const std::string& pick(const std::vector<std::string>& all) { return all[random_.below(all.size())]; }
  std::size_t place(const std::string& text) { return random_.below(text.size() + 1); }

  void change(std::string& text) {
    if (!words_.empty() && random_.chance(0.7)) {
      change_words(text);
    } else {
      change_bytes(text);
    }
  }

  void change_bytes(std::string& text) {
    const std::size_t at = random_.below(text.size());
    const std::size_t length = std::min<std::size_t>(random_.below(64) + 1, text.size() - at);
    const std::string& other = pick(seeds_);
    switch (random_.below(7)) {
      case 0:
        text[at] = static_cast<char>(random_.between(0, 255));
        break;
      case 1:
        text[at] = static_cast<char>(text[at] ^ 1 << random_.below(8));
        break;
      case 2:
        text.erase(at, length);
        break;
      case 3:
        text.insert(place(text), text.substr(at, length));
        break;
      case 4:
        if (!other.empty()) text.insert(at, other.substr(random_.below(other.size()), length));
        break;
      case 5:
        text.resize(at);
        break;
      default:  // A number of four bytes.
        for (std::size_t i = at; i < std::min(at + 4, text.size()); ++i)
          text[i] = static_cast<char>(random_.chance(0.5) ? 0 : random_.between(0, 255));
    }
  }

  void change_words(std::string& text) {
    const std::size_t digit = text.find_first_of("0123456789", random_.below(text.size()));
    const std::size_t line = text.rfind('\n', random_.below(text.size())) + 1;  // 0 in the first one.
    const std::string whole = text.substr(line, text.find('\n', line) + 1 - line);
    switch (random_.below(5)) {
      case 0:
      case 1:  // Another number.
        if (digit == std::string::npos) break;
        text.replace(digit, text.find_first_not_of("0123456789", digit) - digit,
                     random_.chance(0.5) ? std::string(kNumbers[random_.below(std::size(kNumbers))])
                                         : std::to_string(random_.between(0, 1200)));
        break;
      case 2:
        text.insert(place(text), pick(words_));
        break;
      case 3:  // A line again, elsewhere.
        text.insert(text.rfind('\n', random_.below(text.size())) + 1, whole);
        break;
      default:  // Without it.
        text.erase(line, whole.size());
    }
  }

  std::vector<std::string> seeds_, words_;
  RandomStream random_;
};

int run(int argc, char** argv) {
  const std::string first = argc > 1 ? argv[1] : "";
  if (first == "--input" && argc == 3) {
    input = file_text(argv[2]);
    return run_input();
  }
  const std::vector<std::string> seeds = fuzz_seeds();
  if (first == "--seeds" && argc == 3) {
    std::filesystem::create_directories(argv[2]);
    for (std::size_t i = 0; i < seeds.size(); ++i)
      std::ofstream(fmt::format("{}/seed_{}", argv[2], i), std::ios::binary) << seeds[i];
    return 0;
  }
  const long count = std::atol(first.c_str());
  if (count <= 0 || argc > 3) {
    fmt::print(stderr, "{0} COUNT [SEED], {0} --input FILE or {0} --seeds DIR\n", argv[0]);
    return 2;
  }
  input_path = std::filesystem::path(argv[0]).filename().string() + ".input";
  std::signal(SIGABRT, on_abort);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_set_death_callback(save_input);  // What a sanitizer finds ends the process without SIGABRT.
#endif
  for (const std::string& seed : seeds) {
    input = seed;
    run_input();
  }
  Mutator mutator(seeds, fuzz_words(), argc == 3 ? std::strtoull(argv[2], nullptr, 10) : 1);
  for (long i = 0; i < count; ++i) {
    input = mutator.next();
    run_input();
  }
  fmt::print("{} seeds and {} inputs made from them\n", seeds.size(), count);
  return 0;
}

}  // namespace
}  // namespace chrysalis

int main(int argc, char** argv) {
  return chrysalis::run(argc, argv);
}
