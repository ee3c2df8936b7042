// Rules of the house that a compiler does not know: CONTRIBUTING.md lists them. Reads the source tree as it
// is on disk, without build outputs.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kColumns = 110;

struct File {
  std::string name;  // Relative to the root, with slashes.
  std::string text;
};

bool is_code(std::string_view name) {
  return name.ends_with(".cc") || name.ends_with(".h");
}
bool is_page(std::string_view name) {
  return name.ends_with(".md");
}
bool is_ours(std::string_view name) {
  return is_code(name) || is_page(name) || name.ends_with(".cmake") || name.ends_with(".sh") ||
         name.ends_with(".toml") || name.ends_with(".py") || name.ends_with("CMakeLists.txt") ||
         name.ends_with("Makefile");
}

std::vector<File> files_of(const fs::path& root) {
  // Build outputs, runs, and whatever a person keeps in hidden folders or virtual environments.
  const std::set<std::string> foreign = {"build", "runs", "third_party", "node_modules", "venv"};
  std::vector<File> files;
  for (auto at = fs::recursive_directory_iterator(root); at != fs::recursive_directory_iterator(); ++at) {
    const std::string name = at->path().filename().string();
    if (at->is_directory() && (foreign.contains(name) || name.starts_with("."))) {
      at.disable_recursion_pending();
    } else if (at->is_regular_file() && is_ours(name)) {
      std::ifstream in(at->path());
      files.push_back({.name = at->path().lexically_relative(root).generic_string(),
                       .text = std::string(std::istreambuf_iterator<char>(in), {})});
    }
  }
  return files;
}

using Complain = std::function<void(int line, const std::string& what)>;

void for_each_line(const std::string& text, const std::function<void(int, std::string_view)>& visit) {
  int number = 0;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    visit(++number, std::string_view(text).substr(start, end - start));
    start = end + 1;
  }
}

// Code points, as an editor counts columns.
std::size_t columns(std::string_view line) {
  return static_cast<std::size_t>(std::ranges::count_if(line, [](char c) { return (c & 0xC0) != 0x80; }));
}

void check_lines(const File& file, const Complain& complain) {
  for_each_line(file.text, [&](int number, std::string_view line) {
    if (!is_page(file.name) && columns(line) > kColumns)
      complain(number, fmt::format("{} columns, {} allowed", columns(line), kColumns));
    if (line.ends_with(' ') || line.ends_with('\t') || line.ends_with('\r'))
      complain(number, "blanks at the end");
    // Spelled in two halves, so that this file keeps its own rule.
    for (const std::string word : {"TO"
                                   "DO",
                                   "FIX"
                                   "ME",
                                   "DISABLED"
                                   "_"})
      // Highway's macro of that name takes targets out, not tests.
      if (line.find(word) != std::string_view::npos && line.find("HWY_" + word) == std::string_view::npos)
        complain(number, word + ": do it or file an issue");
  });
}

void check_code(const File& file, const Complain& complain) {
  const bool prints = file.name.starts_with("chrysalis/cli/") || file.name.starts_with("examples/");
  for_each_line(file.text, [&](int number, std::string_view line) {
    if (!prints && line.find("std::"
                             "cout") != std::string_view::npos)
      complain(number, "only chrysalis/cli prints");
  });
  // Highway's sources for several targets are included once for each.
  if (file.name.ends_with(".h") && !file.name.ends_with("-inl.h") &&
      file.text.find("#pragma once") == std::string::npos)
    complain(1, "no #pragma once");
}

// Headings as GitHub turns them into anchors.
std::set<std::string> anchors(const std::string& page) {
  std::set<std::string> found;
  for_each_line(page, [&](int, std::string_view line) {
    if (!line.starts_with("#")) return;
    std::string anchor;
    for (const char c : line.substr(std::min(line.find(' ') + 1, line.size()))) {
      const auto byte = static_cast<unsigned char>(c);
      if (std::isalnum(byte) || c == '_' || c == '-' || byte >= 0x80)
        anchor += static_cast<char>(std::tolower(byte));
      if (c == ' ') anchor += '-';
    }
    found.insert(anchor);
  });
  return found;
}

void check_links(const fs::path& root, const File& file, const Complain& complain) {
  static const std::regex link(R"(\]\(([^)\s]+)\))");
  for_each_line(file.text, [&](int number, std::string_view line) {
    const std::string text(line);
    for (auto at = std::sregex_iterator(text.begin(), text.end(), link); at != std::sregex_iterator(); ++at) {
      const std::string target = (*at)[1];
      if (target.find("://") != std::string::npos || target.starts_with("mailto:")) continue;
      const std::size_t hash = std::min(target.find('#'), target.size());
      const fs::path path =
          hash == 0 ? root / file.name : (root / file.name).parent_path() / target.substr(0, hash);
      if (!fs::exists(path)) {
        complain(number, fmt::format("dead link {}", target));
      } else if (hash < target.size() && is_page(path.string())) {
        std::ifstream in(path);
        if (!anchors(std::string(std::istreambuf_iterator<char>(in), {})).contains(target.substr(hash + 1)))
          complain(number, fmt::format("dead link {}: no such heading", target));
      }
    }
  });
}

// "file:line: what", for every rule and file.
std::vector<std::string> complaints_of(const fs::path& root) {
  std::vector<std::string> complaints;
  for (const File& file : files_of(root)) {
    const Complain complain = [&](int line, const std::string& what) {
      complaints.push_back(fmt::format("{}:{}: {}", file.name, line, what));
    };
    check_lines(file, complain);
    if (is_code(file.name)) check_code(file, complain);
    if (is_page(file.name)) check_links(root, file, complain);
  }
  std::ranges::sort(complaints);
  return complaints;
}

TEST(tidy, holds_for_the_whole_tree) {
  const std::vector<std::string> complaints = complaints_of(CHRYSALIS_SOURCE_DIR);
  EXPECT_GT(files_of(CHRYSALIS_SOURCE_DIR).size(), 30u);
  EXPECT_TRUE(complaints.empty()) << fmt::format("{}", fmt::join(complaints, "\n"));
}

TEST(tidy, finds_what_is_planted) {
  const fs::path root = fs::path(testing::TempDir()) / "chrysalis_tidy_test";
  const auto plant = [&](const std::string& name, const std::string& text) {
    fs::create_directories((root / name).parent_path());
    std::ofstream(root / name) << text;
  };
  fs::remove_all(root);
  plant("chrysalis/core/fine.h", "#pragma once\n" + std::string(107, 'x') + "\u03c0\u03c0\u03c0\n");
  plant("chrysalis/cli/fine.cc",
        "std::"
        "cout << 1;\n");
  plant("build/generated.cc", std::string(200, 'x'));
  plant("docs/fine.md",
        "# One thing, and `another`\n[a](fine.md) [b](#one-thing-and-another) [c](https://x.org/gone)\n");
  EXPECT_EQ(complaints_of(root), std::vector<std::string>{});

  plant("chrysalis/core/wide.cc", std::string(111, 'x') + "\n");
  plant("chrysalis/core/loud.cc",
        "\nstd::"
        "cout << 1; \n");
  plant("chrysalis/core/later.h",
        "// TO"
        "DO\n");
  plant("docs/dead.md", "[a](gone.md)\n[b](fine.md#gone)\n");
  EXPECT_EQ(complaints_of(root), (std::vector<std::string>{
                                     "chrysalis/core/later.h:1: TO"
                                     "DO: do it or file an issue",
                                     "chrysalis/core/later.h:1: no #pragma once",
                                     "chrysalis/core/loud.cc:2: blanks at the end",
                                     "chrysalis/core/loud.cc:2: only chrysalis/cli prints",
                                     "chrysalis/core/wide.cc:1: 111 columns, 110 allowed",
                                     "docs/dead.md:1: dead link gone.md",
                                     "docs/dead.md:2: dead link fine.md#gone: no such heading",
                                 }));
  fs::remove_all(root);
}

}  // namespace
