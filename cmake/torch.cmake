# LibTorch: Debian's libtorch-dev (1.13), or any newer one through CMAKE_PREFIX_PATH; and the proof that the
# BLAS which it loads at run time is a fast one. Reference BLAS makes training 50 times slower and says
# nothing.
if(NOT "$ENV{CMAKE_PREFIX_PATH}" STREQUAL "" AND
   NOT "$ENV{CMAKE_PREFIX_PATH}" STREQUAL "${CHRYSALIS_TORCH_SOUGHT}")
  # Another LibTorch is asked for than the one that this build folder remembers.
  foreach(found Torch_DIR Caffe2_DIR TORCH_LIBRARY c10_LIBRARY C10_CUDA_LIBRARY)
    unset(${found} CACHE)
  endforeach()
  set(CHRYSALIS_TORCH_SOUGHT "$ENV{CMAKE_PREFIX_PATH}" CACHE INTERNAL "Where LibTorch was sought")
endif()
include(find_torch)
if(TORCH_CXX_FLAGS MATCHES "_GLIBCXX_USE_CXX11_ABI=0")
  message(FATAL_ERROR "LibTorch in ${TORCH_INSTALL_PREFIX} has the old C++ ABI, whose std::string no other "
                      "library here shares. Take the build that its page calls cxx11 ABI.")
endif()

# The answer is kept, and asked for again when the probe, the library or Debian's choice of BLAS changes.
function(chrysalis_prove_blas)
  set(probe ${PROJECT_SOURCE_DIR}/cmake/blas_probe.cc)
  set(asked "$ENV{LD_LIBRARY_PATH}")
  foreach(file ${probe} ${TORCH_LIBRARY} /etc/alternatives/libblas.so.3-${CMAKE_LIBRARY_ARCHITECTURE})
    if(EXISTS ${file})
      file(REAL_PATH ${file} real)
      file(TIMESTAMP ${real} time)
      list(APPEND asked ${real} ${time})
    endif()
  endforeach()
  if("${asked}" STREQUAL "${CHRYSALIS_BLAS_ASKED}")
    return()
  endif()

  message(STATUS "Asking LibTorch which BLAS it loads")
  unset(CHRYSALIS_BLAS_EXIT CACHE)
  unset(CHRYSALIS_BLAS_COMPILED CACHE)
  try_run(CHRYSALIS_BLAS_EXIT CHRYSALIS_BLAS_COMPILED ${PROJECT_BINARY_DIR}/blas_probe ${probe}
          LINK_LIBRARIES chrysalis::torch ${CMAKE_DL_LIBS}
          CXX_STANDARD 20 CXX_STANDARD_REQUIRED ON
          COMPILE_OUTPUT_VARIABLE compile_output RUN_OUTPUT_VARIABLE blas)
  if(NOT CHRYSALIS_BLAS_COMPILED)
    message(FATAL_ERROR "A small program does not build against LibTorch in ${TORCH_INSTALL_PREFIX}:\n"
                        "${compile_output}")
  elseif(CHRYSALIS_BLAS_EXIT EQUAL 1)
    message(FATAL_ERROR
      "LibTorch loads the ${blas}: training would be about 50 times slower. Mend it with\n"
      "  apt install libopenblas-dev\n"
      "and, where that is installed already, with\n"
      "  update-alternatives --set libblas.so.3-${CMAKE_LIBRARY_ARCHITECTURE} "
      "/usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/openblas-pthread/libblas.so.3")
  elseif(NOT CHRYSALIS_BLAS_EXIT EQUAL 0)
    message(FATAL_ERROR "LibTorch in ${TORCH_INSTALL_PREFIX} builds a small program that does not run "
                        "(${CHRYSALIS_BLAS_EXIT}): ${blas}")
  endif()
  set(CHRYSALIS_BLAS_ASKED "${asked}" CACHE INTERNAL "What the answer in CHRYSALIS_BLAS depends on")
  set(CHRYSALIS_BLAS "${blas}" CACHE INTERNAL "The BLAS that LibTorch loads")
endfunction()
chrysalis_prove_blas()
message(STATUS "LibTorch ${Torch_VERSION} in ${TORCH_INSTALL_PREFIX}, BLAS: ${CHRYSALIS_BLAS}")

# <torch/torch.h> costs 18 s and 1.2 GB for each source file; from a precompiled header, which itself takes
# 29 s, 7 s. The first target of a TORCH room makes it, all others take it from there, which wants equal
# code generation: test programs are compiled position-independent as the libraries are.
function(chrysalis_precompile_torch target)
  target_compile_options(${target} PRIVATE -fPIC)
  get_property(owner GLOBAL PROPERTY chrysalis_torch_header_owner)
  if(owner)
    target_precompile_headers(${target} REUSE_FROM ${owner})
  else()
    target_precompile_headers(${target} PRIVATE <torch/torch.h>)
    set_property(GLOBAL PROPERTY chrysalis_torch_header_owner ${target})
  endif()
endfunction()
