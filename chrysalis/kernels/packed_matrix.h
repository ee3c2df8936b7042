// A matrix of weights laid out for dot(), in either precision.
#pragma once

#include <cstdint>

#include "chrysalis/kernels/buffer.h"
#include "chrysalis/kernels/dot.h"
#include "chrysalis/kernels/elementwise.h"

namespace chrysalis {

// Units that hold `elements` operands.
constexpr int units_of(int elements, Precision precision) {
  return precision == Precision::kFloat32 ? elements : (elements + 1) / 2;
}

// Immutable once packed; any number of threads may read it. Valid for the instructions in use when packed.
class PackedMatrix {
 public:
  PackedMatrix() = default;

  // `segments` runs of `run` elements each are the depth; at(segment, element, column) -> float is the
  // matrix. In bf16 a run of odd length ends with a zero: of the left side one operand beyond each run is
  // read, which must be finite.
  template <typename At>
  PackedMatrix(Precision precision, int segments, int run, int columns, const At& at)
      : precision_(precision),
        segments_(segments),
        run_units_(units_of(run, precision)),
        shape_(panel_shape(segments * run_units_, columns)),
        memory_(shape_.units() * 4) {
    for (int panel = 0; panel < shape_.panels(); ++panel) {
      const int first = panel * shape_.width;
      const int count = first + shape_.width <= columns ? shape_.width : columns - first;
      const std::size_t begin = static_cast<std::size_t>(panel) * shape_.depth * shape_.width;
      for (int s = 0; s < segments; ++s) {
        const std::size_t segment = begin + static_cast<std::size_t>(s) * run_units_ * shape_.width;
        if (precision == Precision::kFloat32) {
          float* to = memory_.as<float>() + segment;
          for (int k = 0; k < run; ++k)
            for (int n = 0; n < count; ++n) to[k * shape_.width + n] = at(s, k, first + n);
        } else {
          std::uint16_t* to = memory_.as<std::uint16_t>() + 2 * segment;
          for (int k = 0; k < run; ++k)
            for (int n = 0; n < count; ++n)
              to[2 * ((k / 2) * shape_.width + n) + k % 2] = bf16_of(at(s, k, first + n));
        }
      }
    }
  }

  // What dot() needs of the right side, for all of its depth.
  void put_into(DotArgs& args) const {
    args.precision = precision_;
    args.segments = segments_;
    args.length = run_units_;
    args.b = memory_.as<float>();
    args.b_shape = shape_;
  }
  int run_units() const { return run_units_; }
  int columns() const { return shape_.columns; }
  bool empty() const { return memory_.bytes() == 0; }
  std::size_t bytes() const { return memory_.bytes(); }

 private:
  Precision precision_ = Precision::kFloat32;
  int segments_ = 0;
  int run_units_ = 0;
  PanelShape shape_;
  Buffer memory_;
};

}  // namespace chrysalis
