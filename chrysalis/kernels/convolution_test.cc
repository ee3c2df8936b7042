#include "chrysalis/kernels/convolution.h"

#include <gtest/gtest.h>

#include "chrysalis/kernels/elementwise.h"
#include "chrysalis/kernels/reference_test.h"

namespace chrysalis {
namespace {

class Convolution : public OnEachTarget {};
CHRYSALIS_ON_EACH_TARGET(Convolution);

constexpr float kFactor = 0.75f;

std::string text_of(const ConvolutionShape& s) {
  return fmt::format("{} x {} x {}, {} filters of {} by {}, out {} x {}", s.height, s.width, s.channels,
                     s.filters, s.kernel, s.stride, s.out_height(), s.out_width());
}

// Every kind of shape: strides that divide the kernel and not, odd runs, filters that fill no vector, outputs
// that are wanted only in part, and inputs that no output sees.
std::vector<ConvolutionShape> convolution_shapes() {
  std::vector<ConvolutionShape> all;
  RandomStream random{RandomKey(100)};
  int filters = 0, channels = 0;
  for (int stride = 1; stride <= 4; ++stride) {
    for (int kernel = stride; kernel <= 8; ++kernel) {
      ConvolutionShape s{.height = kernel + random.between(0, 2 * stride + 1),
                         .width = kernel + random.between(0, 5 * stride + 1),
                         .channels = (const int[]){1, 3, 4}[channels++ % 3],
                         .filters = (const int[]){1, 5, 16, 24, 33}[filters++ % 5],
                         .kernel = kernel,
                         .stride = stride};
      all.push_back(s);
      s.height += stride;
      s.width += 2 * stride;
      const int height = s.out_height(), width = s.out_width();
      s.wanted_height = random.between(1, height);
      s.wanted_width = random.between(1, width - 1);
      s.filters = (const int[]){33, 1, 24, 5, 16}[filters % 5];
      all.push_back(s);
    }
  }
  // One place, one picture; and a line of every length that has a tail of its own.
  all.push_back({.height = 1, .width = 1, .channels = 1, .filters = 1, .kernel = 1, .stride = 1});
  for (int width = 2; width <= 60; ++width)
    all.push_back({.height = 3, .width = width, .channels = 3, .filters = 5, .kernel = 2, .stride = 2});
  for (const int width : {97, 150, 223, 300})
    all.push_back({.height = 4, .width = width, .channels = 3, .filters = 16, .kernel = 4, .stride = 3});
  // The default network's second.
  all.push_back({.height = 16, .width = 22, .channels = 16, .filters = 32, .kernel = 4, .stride = 2});
  return all;
}

struct Weights {
  Weights(const ConvolutionShape& shape, RandomStream& random) : shape(shape) {
    weight.resize(static_cast<std::size_t>(shape.filters) * shape.channels * shape.kernel * shape.kernel);
    bias.resize(static_cast<std::size_t>(shape.filters));
    for (float& value : weight) value = static_cast<float>(draw(random));
    for (float& value : bias) value = static_cast<float>(random.uniform(-1, 1));
  }
  PackedConvolution packed(Precision precision) const {
    return PackedConvolution(shape, precision, weight.data(), bias.data(), kFactor);
  }
  // As an operand: times the factor, then rounded.
  double at(int filter, int channel, int ky, int kx, Precision precision) const {
    const int index = ((filter * shape.channels + channel) * shape.kernel + ky) * shape.kernel + kx;
    return as_operand(weight[static_cast<std::size_t>(index)] * kFactor, precision);
  }
  ConvolutionShape shape;
  std::vector<float> weight, bias;
};

void check_forward(const ConvolutionShape& s, Precision precision, RandomStream& random) {
  SCOPED_TRACE(fmt::format("{} {}", name_of(precision), text_of(s)));
  const Weights weights(s, random);
  const PackedConvolution convolution = weights.packed(precision);
  std::vector<double> pixels(static_cast<std::size_t>(s.in_elements()));
  for (double& value : pixels) value = draw(random);
  if (precision == Precision::kBf16 && s.run() % 2 == 1) pixels.push_back(kSlack);
  const Operands in(precision, pixels, /*skew=*/2);
  std::vector<double> expected;
  for (int y = 0; y < s.out_height(); ++y)
    for (int x = 0; x < s.out_width(); ++x)
      for (int f = 0; f < s.filters; ++f) {
        double sum = weights.bias[static_cast<std::size_t>(f)];
        for (int ky = 0; ky < s.kernel; ++ky)
          for (int kx = 0; kx < s.kernel; ++kx)
            for (int c = 0; c < s.channels; ++c)
              sum += in.at(0, ((y * s.stride + ky) * s.width + x * s.stride + kx) * s.channels + c) *
                     weights.at(f, c, ky, kx, precision);
        expected.push_back(std::max(0.0, sum));
      }
  ASSERT_EQ(expected.size(), static_cast<std::size_t>(s.out_elements()));
  std::vector<float> out(expected.size(), -1.0f);
  convolution.forward_rows(in.data(), s.out_height(), out.data());
  EXPECT_TRUE(close(out, expected));

  // Some of the rows, with nothing round them.
  const int first = s.out_height() / 3, count = (s.out_height() - first + 1) / 2;
  std::vector<float> part(static_cast<std::size_t>(count) * s.out_row(), -1.0f);
  convolution.forward_rows(static_cast<const char*>(in.data()) + static_cast<std::ptrdiff_t>(first) *
                                                                     s.stride * s.row() *
                                                                     operand_bytes(precision),
                           count, part.data());
  EXPECT_EQ(0, std::memcmp(part.data(), out.data() + static_cast<std::ptrdiff_t>(first) * s.out_row(),
                           part.size() * 4));
}

TEST_P(Convolution, EqualsPlainLoops) {
  RandomStream random{RandomKey(1)};
  for (const ConvolutionShape& shape : convolution_shapes())
    for (const Precision precision : kPrecisions) check_forward(shape, precision, random);
}

TEST_P(Convolution, OfTheDefaultNetworksPictureEqualsPlainLoops) {
  RandomStream random{RandomKey(2)};
  const ConvolutionShape shape{.height = 72,
                               .width = 96,
                               .channels = 3,
                               .filters = 16,
                               .kernel = 8,
                               .stride = 4,
                               .wanted_height = 16,
                               .wanted_width = 22};
  for (const Precision precision : kPrecisions) check_forward(shape, precision, random);
}

TEST(ConvolutionShape, CountsItsElements) {
  ConvolutionShape s{.height = 72, .width = 96, .channels = 3, .filters = 16, .kernel = 8, .stride = 4};
  EXPECT_EQ(s.out_height(), 17);
  EXPECT_EQ(s.out_width(), 23);
  EXPECT_EQ(s.in_elements(), 72 * 96 * 3);
  EXPECT_EQ(s.run(), 24);
  EXPECT_EQ(s.out_elements(), 17 * 23 * 16);
  EXPECT_EQ(s.multiply_adds(), 1'201'152);
  s.wanted_height = 16;
  s.wanted_width = 22;
  EXPECT_EQ(s.out_row(), 22 * 16);
  EXPECT_EQ(s.out_elements(), 16 * 22 * 16);
  EXPECT_EQ(s.padding(), 1);
  EXPECT_EQ(s.padded_elements(), 18 * 24 * 16);
}

// The gradient of an output in double, zero outside of it.
struct OutputGradient {
  OutputGradient(const ConvolutionShape& s, Precision precision, RandomStream& random) : shape(s) {
    for (int i = 0; i < s.out_elements(); ++i) values.push_back(as_operand(draw(random), precision));
  }
  double at(int y, int x, int f) const {
    return values[static_cast<std::size_t>(y * shape.out_row() + x * shape.filters + f)];
  }
  std::vector<double> padded() const {
    const int p = shape.padding();
    std::vector<double> all(static_cast<std::size_t>(shape.padded_elements()), 0.0);
    for (int y = 0; y < shape.out_height(); ++y)
      for (int i = 0; i < shape.out_row(); ++i)
        all[static_cast<std::size_t>((y + p) * shape.padded_row() + p * shape.filters + i)] =
            values[static_cast<std::size_t>(y * shape.out_row() + i)];
    return all;
  }
  ConvolutionShape shape;
  std::vector<double> values;
};

void check_input_gradient(const ConvolutionShape& s, Precision precision, RandomStream& random) {
  SCOPED_TRACE(fmt::format("{} {}", name_of(precision), text_of(s)));
  const Weights weights(s, random);
  PackedConvolution convolution = weights.packed(precision);
  convolution.pack_gradient(weights.weight.data(), kFactor);
  const OutputGradient gradient(s, precision, random);
  std::vector<double> padded = gradient.padded();
  if (precision == Precision::kBf16 && s.filters % 2 == 1) padded.push_back(kSlack);
  const Operands operands(precision, padded, /*skew=*/2);
  std::vector<float> mask(static_cast<std::size_t>(s.in_elements()));
  for (float& value : mask) value = random.chance(0.3) ? 0.0f : static_cast<float>(random.uniform());

  std::vector<double> expected(mask.size(), 0.0);
  for (int y = 0; y < s.out_height(); ++y)
    for (int x = 0; x < s.out_width(); ++x)
      for (int f = 0; f < s.filters; ++f)
        for (int ky = 0; ky < s.kernel; ++ky)
          for (int kx = 0; kx < s.kernel; ++kx)
            for (int c = 0; c < s.channels; ++c)
              expected[static_cast<std::size_t>((y * s.stride + ky) * s.row() +
                                                (x * s.stride + kx) * s.channels + c)] +=
                  gradient.at(y, x, f) * weights.at(f, c, ky, kx, precision);
  for (std::size_t i = 0; i < mask.size(); ++i)
    if (!(mask[i] > 0)) expected[i] = 0;
  std::vector<float> result(mask.size(), std::numeric_limits<float>::quiet_NaN());
  convolution.input_gradient(operands.data(), mask.data(), result.data());
  EXPECT_TRUE(close(result, expected));
}

TEST_P(Convolution, HasTheInputGradientOfPlainLoops) {
  RandomStream random{RandomKey(3)};
  for (const ConvolutionShape& shape : convolution_shapes())
    for (const Precision precision : kPrecisions) check_input_gradient(shape, precision, random);
}

// Three pictures in float32, three pairs of them in bf16 as elementwise.h pairs them, with gaps between.
void check_weight_gradient(const ConvolutionShape& s, Precision precision, RandomStream& random) {
  SCOPED_TRACE(fmt::format("{} {}", name_of(precision), text_of(s)));
  constexpr int kPieces = 3, kInGap = 3, kGradientGap = 5;
  const int each = precision == Precision::kFloat32 ? 1 : 2, pictures = kPieces * each;
  const auto in_size = static_cast<std::size_t>(s.in_elements()),
             gradient_size = static_cast<std::size_t>(s.out_elements());
  std::vector<std::vector<float>> in, gradient;
  for (int i = 0; i < pictures; ++i) {
    in.emplace_back(in_size);
    for (float& value : in.back()) value = static_cast<float>(draw(random));
    gradient.emplace_back(gradient_size);
    for (float& value : gradient.back()) value = static_cast<float>(draw(random));
  }
  // Units, whatever they hold; nothing lies behind the last picture.
  std::vector<std::uint32_t> in_units(kPieces * (in_size + kInGap) - kInGap),
      gradient_units(kPieces * (gradient_size + kGradientGap) - kGradientGap);
  for (int piece = 0; piece < kPieces; ++piece) {
    const auto one = static_cast<std::size_t>(piece) * each, other = one + each - 1;
    std::uint32_t* in_to = in_units.data() + static_cast<std::size_t>(piece) * (in_size + kInGap);
    std::uint32_t* gradient_to =
        gradient_units.data() + static_cast<std::size_t>(piece) * (gradient_size + kGradientGap);
    if (precision == Precision::kFloat32) {
      std::memcpy(in_to, in[one].data(), in_size * 4);
      std::memcpy(gradient_to, gradient[one].data(), gradient_size * 4);
    } else {
      pairs_of_floats(in[one].data(), in[other].data(), in_to, in_size);
      pairs_of_floats(gradient[one].data(), gradient[other].data(), gradient_to, gradient_size);
    }
  }
  std::vector<float> into(static_cast<std::size_t>(s.kernel) * s.run() * s.filters);
  for (float& value : into) value = static_cast<float>(draw(random));
  std::vector<double> expected(into.begin(), into.end());
  convolution_weight_gradient(s, precision, kPieces, in_units.data(),
                              static_cast<std::ptrdiff_t>(4 * (in_size + kInGap)), gradient_units.data(),
                              static_cast<std::ptrdiff_t>(4 * (gradient_size + kGradientGap)), into.data());
  for (int i = 0; i < pictures; ++i)
    for (int y = 0; y < s.out_height(); ++y)
      for (int x = 0; x < s.out_width(); ++x)
        for (int ky = 0; ky < s.kernel; ++ky)
          for (int run = 0; run < s.run(); ++run) {
            const auto from =
                static_cast<std::size_t>((y * s.stride + ky) * s.row() + x * s.stride * s.channels + run);
            const double pixel = as_operand(in[static_cast<std::size_t>(i)][from], precision);
            for (int f = 0; f < s.filters; ++f)
              expected[static_cast<std::size_t>((ky * s.run() + run) * s.filters + f)] +=
                  pixel * as_operand(gradient[static_cast<std::size_t>(i)]
                                             [static_cast<std::size_t>(y * s.out_row() + x * s.filters + f)],
                                     precision);
          }
  EXPECT_TRUE(close(into, expected));
}

TEST_P(Convolution, HasTheWeightGradientOfPlainLoops) {
  RandomStream random{RandomKey(4)};
  for (const ConvolutionShape& shape : convolution_shapes())
    for (const Precision precision : kPrecisions) check_weight_gradient(shape, precision, random);
}

TEST(ConvolutionGradientToWeights, OrdersItAsTheWeightsAre) {
  const ConvolutionShape s{.height = 9, .width = 9, .channels = 3, .filters = 5, .kernel = 4, .stride = 2};
  std::vector<float> from(static_cast<std::size_t>(s.kernel) * s.run() * s.filters), to(from.size());
  for (std::size_t i = 0; i < from.size(); ++i) from[i] = static_cast<float>(i);
  convolution_gradient_to_weights(s, from.data(), 0.5f, to.data());
  for (int f = 0; f < 5; ++f)
    for (int c = 0; c < 3; ++c)
      for (int ky = 0; ky < 4; ++ky)
        for (int kx = 0; kx < 4; ++kx)
          EXPECT_EQ(to[static_cast<std::size_t>(((f * 3 + c) * 4 + ky) * 4 + kx)],
                    0.5f * static_cast<float>((ky * 12 + kx * 3 + c) * 5 + f));
}

TEST(ConvolutionDeathTest, StopsOnWhatCannotBe) {
  const std::vector<float> numbers(4096);
  const auto make = [&](ConvolutionShape shape) {
    return PackedConvolution(shape, Precision::kFloat32, numbers.data(), numbers.data(), 1);
  };
  const ConvolutionShape good{.height = 9, .width = 9, .channels = 3, .filters = 5, .kernel = 4, .stride = 2};
  ConvolutionShape shape = good;
  shape.wanted_width = 4;
  EXPECT_DEATH(make(shape), "looks beyond its picture");
  shape = good;
  shape.wanted_height = 4;
  EXPECT_DEATH(make(shape), "looks beyond its picture");
  shape = good;
  shape.stride = 5;
  EXPECT_DEATH(make(shape), "stride");
  EXPECT_DEATH(make(good).input_gradient(numbers.data(), numbers.data(), nullptr), "pack_gradient");
}

}  // namespace
}  // namespace chrysalis
