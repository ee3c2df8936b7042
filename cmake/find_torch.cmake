# LibTorch as the target chrysalis::torch. Shared by the build and by the installed package, so both mean
# the same.
find_package(Torch REQUIRED)
add_library(chrysalis::torch INTERFACE IMPORTED)
target_link_libraries(chrysalis::torch INTERFACE ${TORCH_LIBRARIES})
target_include_directories(chrysalis::torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
separate_arguments(chrysalis_torch_flags UNIX_COMMAND "${TORCH_CXX_FLAGS}")
target_compile_options(chrysalis::torch INTERFACE ${chrysalis_torch_flags})
unset(chrysalis_torch_flags)
