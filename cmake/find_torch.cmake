# LibTorch as the target chrysalis::torch. Shared by the build and by the installed package, so both mean
# the same.
include(${CMAKE_CURRENT_LIST_DIR}/cuda_stand_ins.cmake)
find_package(Torch REQUIRED)
get_filename_component(chrysalis_torch_folder ${TORCH_LIBRARY} DIRECTORY)
foreach(name torch_cpu c10)
  list(APPEND chrysalis_torch_files
       ${chrysalis_torch_folder}/${CMAKE_SHARED_LIBRARY_PREFIX}${name}${CMAKE_SHARED_LIBRARY_SUFFIX})
endforeach()

# Of LibTorch's headers its own folders alone, through links: some builds bring copies of other libraries
# along, such as fmt's, which would be found before those that the rest of the program is linked with. The
# links of another LibTorch lie elsewhere, so that a change of LibTorch compiles everything again.
list(GET TORCH_INCLUDE_DIRS 0 chrysalis_torch_folder)
string(MD5 chrysalis_torch_headers ${chrysalis_torch_folder})
set(chrysalis_torch_headers ${CMAKE_BINARY_DIR}/torch_headers/${chrysalis_torch_headers})
file(MAKE_DIRECTORY ${chrysalis_torch_headers})
foreach(name ATen c10 caffe2 torch)
  file(CREATE_LINK ${chrysalis_torch_folder}/${name} ${chrysalis_torch_headers}/${name} SYMBOLIC)
endforeach()

add_library(chrysalis::torch INTERFACE IMPORTED)
# By its files, because its targets know that folder too. Nothing refers to libtorch itself, which loads what
# there is for GPUs: the linker is told to keep it.
target_link_libraries(chrysalis::torch INTERFACE
                      -Wl,--no-as-needed,${TORCH_LIBRARY},--as-needed ${chrysalis_torch_files})
target_include_directories(chrysalis::torch SYSTEM INTERFACE
                           ${chrysalis_torch_headers} ${chrysalis_torch_headers}/torch/csrc/api/include)
separate_arguments(chrysalis_torch_flags UNIX_COMMAND "${TORCH_CXX_FLAGS}")
target_compile_options(chrysalis::torch INTERFACE ${chrysalis_torch_flags})
unset(chrysalis_torch_flags)
unset(chrysalis_torch_files)
unset(chrysalis_torch_folder)
unset(chrysalis_torch_headers)
