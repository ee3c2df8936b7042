// What computes the network. Torch-free.
#pragma once

#include <string>

#include "chrysalis/core/field.h"
#include "chrysalis/kernels/target.h"

namespace chrysalis {

struct ComputeConfig {
  std::string kernels = "native";
  std::string precision = "float32";

  bool native() const { return kernels == "native"; }
  Precision operands() const { return precision == "bf16" ? Precision::kBf16 : Precision::kFloat32; }

  void visit(FieldVisitor& v) {
    v.begin_table("compute");
    v.field({.name = "kernels",
             .help = "What computes the network on CPUs: the project's own kernels, or LibTorch's operators, "
                     "the slower reference",
             .choices = {"native", "torch"}},
            kernels);
    v.field({.name = "precision",
             .help = "Of the operands of the network's products on native kernels; sums, weights and the "
                     "optimizer are float32 always. bf16 is faster where `chrysalis doctor` says that the "
                     "processor has it",
             .choices = {"float32", "bf16"}},
            precision);
    v.end_table();
  }
};

}  // namespace chrysalis
