# A LibTorch with CUDA brings a package file that demands nvcc and the whole CUDA toolkit, for users who
# write CUDA themselves. No source here does, and LibTorch's own libraries load CUDA's by themselves. That
# file looks for nothing where these targets exist, so empty ones stand in for them; a project that wants the
# real ones finds Torch first.
foreach(target torch::cudart caffe2::cudart torch::nvtoolsext)
  if(NOT TARGET ${target})
    add_library(${target} INTERFACE IMPORTED)
  endif()
endforeach()
