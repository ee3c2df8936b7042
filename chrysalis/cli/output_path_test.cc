#include "chrysalis/cli/output_path.h"

#include <gtest/gtest.h>

#include "chrysalis/store/scratch_directory_test.h"

namespace chrysalis {
namespace {

std::string path_fault(const std::string& path, const std::vector<std::string_view>& endings = {}) {
  const Status status = check_output_path(path, endings);
  return status.ok() ? "" : fmt::format("{} {}", status.error().exit_code(), status.error().message);
}

TEST(OutputPath, AFileThatCanBeWrittenIsFine) {
  const ScratchDirectory scratch;
  put_text(scratch / "there.png", "old");
  EXPECT_EQ(path_fault(scratch / "new.png", {".png"}), "");
  EXPECT_EQ(path_fault(scratch / "there.png", {".mp4", ".png"}), "");
  EXPECT_EQ(path_fault("in_this_directory.csv"), "");
}

TEST(OutputPath, EachFaultIsToldBeforeTheWork) {
  const ScratchDirectory scratch;
  put_text(scratch / "file", "x");
  const auto directory = scratch.path().string();
  EXPECT_EQ(path_fault("x.gif", {".mp4", ".png"}),
            "2 --out x.gif: expected a name that ends in .mp4 or .png");
  EXPECT_EQ(path_fault(directory),
            fmt::format("2 --out {0}: expected the name of a file, found a directory", directory));
  EXPECT_EQ(path_fault(""), "2 --out : expected the name of a file, found a directory");
  EXPECT_EQ(path_fault(directory + "/no/x.png"),
            fmt::format("2 --out {0}/no/x.png: there is no directory {0}/no: create it first", directory));
  EXPECT_EQ(path_fault(directory + "/file/x.png"),
            fmt::format("1 --out {}/file/x.png: cannot write there: Not a directory", directory));
  EXPECT_EQ(path_fault(directory + "/file/no/x.png"),
            fmt::format("1 --out {}/file/no/x.png: cannot write there: Not a directory", directory));
}

}  // namespace
}  // namespace chrysalis
