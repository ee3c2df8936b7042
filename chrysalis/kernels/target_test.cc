#include "chrysalis/kernels/target.h"

#include <gtest/gtest.h>

#include <set>

#include "chrysalis/kernels/reference_test.h"

namespace chrysalis {
namespace {

class Simd : public OnEachTarget {};
CHRYSALIS_ON_EACH_TARGET(Simd);

TEST_P(Simd, IsWhatWasAskedFor) {
  EXPECT_EQ(simd_name(), GetParam());
  EXPECT_EQ(bf16_native(), GetParam() == "avx512_bf16");
  const std::pair<const char*, int> lanes[] = {{"avx512_bf16", 16}, {"avx512", 16}, {"avx2", 8},
                                               {"sse4", 4},         {"neon", 4},    {"scalar", 1}};
  const auto* known = std::find_if(std::begin(lanes), std::end(lanes),
                                   [](const auto& entry) { return entry.first == simd_name(); });
  ASSERT_NE(known, std::end(lanes)) << simd_name();
  EXPECT_EQ(simd_lanes(), known->second);
}

TEST_P(Simd, DoesNotChangeWhatElseCanRun) {
  const std::vector<std::string> restricted = simd_names();
  ASSERT_TRUE(use_simd("").ok());
  EXPECT_EQ(restricted, simd_names());
}

TEST_P(Simd, StaysInUseWhenAnotherIsRefused) {
  EXPECT_FALSE(use_simd("abacus").ok());
  EXPECT_EQ(simd_name(), GetParam());
}

TEST(SimdNames, BeginWithTheBestWhichIsUsedUnlessAskedOtherwise) {
  const std::vector<std::string> names = simd_names();
  ASSERT_FALSE(names.empty());
  EXPECT_EQ(simd_name(), names.front());
  ASSERT_TRUE(use_simd(names.back()).ok());
  ASSERT_TRUE(use_simd("").ok());
  EXPECT_EQ(simd_name(), names.front());
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size());
}

TEST(SimdNames, RefusesAnUnknownOneAndNamesTheNearest) {
  const Status status = use_simd("avx51");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, ErrorCode::kInvalidInput);
  const std::string& message = status.error().message;
  EXPECT_EQ(message.rfind("unknown instructions 'avx51'; expected one of ", 0), 0U) << message;
  EXPECT_NE(message.find("did you mean 'avx512'?"), std::string::npos) << message;
  for (const std::string& name : simd_names()) EXPECT_NE(message.find(name), std::string::npos) << message;
}

TEST(SimdNames, RefusesWhatThisProcessorDoesNotRun) {
  const std::vector<std::string> runnable = runnable_simd_names();
  const std::set<std::string> here(runnable.begin(), runnable.end());
  int refused = 0;
  for (const char* name : {"avx512_bf16", "avx512", "avx2", "sse4", "neon"}) {
    if (here.contains(name)) continue;
    ++refused;
    const Status status = use_simd(name);
    ASSERT_FALSE(status.ok()) << name;
    const std::string& message = status.error().message;
    EXPECT_EQ(
        message.rfind(fmt::format("this processor does not run {} instructions; expected one of ", name), 0),
        0U)
        << message;
  }
  EXPECT_GE(refused, 1);  // No processor has both sse4 and neon.
}

TEST(OperandBytes, AreTheirSizes) {
  EXPECT_EQ(operand_bytes(Precision::kFloat32), 4);
  EXPECT_EQ(operand_bytes(Precision::kBf16), 2);
}

}  // namespace
}  // namespace chrysalis
