# LibTorch as the target chrysalis_torch: Debian's libtorch-dev (1.13), or any newer one through CMAKE_PREFIX_PATH.
find_package(Torch REQUIRED)
add_library(chrysalis_torch INTERFACE)
target_link_libraries(chrysalis_torch INTERFACE ${TORCH_LIBRARIES})
target_include_directories(chrysalis_torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
separate_arguments(torch_flags UNIX_COMMAND "${TORCH_CXX_FLAGS}")
target_compile_options(chrysalis_torch INTERFACE ${torch_flags})
