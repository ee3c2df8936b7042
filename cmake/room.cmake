# chrysalis_room(NAME [DEPS rooms…] [LINK libraries…] [TORCH] [HOT] [UNFUZZED] [PROGRAM name | HELPER name]
#                [SHARED name])
#
# One folder chrysalis/NAME, one target chrysalis::NAME. Every *.cc of the folder is compiled, so no file
# can be dead: *_test.cc into the test program NAME_test, main.cc into PROGRAM or HELPER (a program that the
# library starts and nobody else), the rest into the library.
# SHARED is also a library for programs that load it, with all that the room uses inside; it exports what the
# folder's exports.map lists and nothing else.
# What tests share is in *_test.h, which is not installed. DEPS are the rooms that NAME may include, each
# declared before it; tests/rooms_test.cmake holds the sources to that list. TORCH rooms may include
# LibTorch; with CHRYSALIS_TORCH=OFF they and the rooms that use them are left out, as are those of
# CHRYSALIS_LEAVE_OUT.
# HOT: here are the loops of a training second, and of most tests, so it is optimised however long that takes
# to compile. UNFUZZED: no fuzzer reaches it, and with libFuzzer's checks clang takes a quarter of an hour.
set(CHRYSALIS_ROOMS "" CACHE INTERNAL "Every room, in order, also those left out of this build")
function(chrysalis_room name)
  cmake_parse_arguments(ROOM "TORCH;HOT;UNFUZZED" "PROGRAM;HELPER;SHARED" "DEPS;LINK" ${ARGN})
  foreach(dep ${ROOM_DEPS})
    if(NOT dep IN_LIST CHRYSALIS_ROOMS)
      message(FATAL_ERROR "Room ${name} uses room ${dep}, which does not stand above it in CMakeLists.txt")
    endif()
  endforeach()
  set(CHRYSALIS_ROOMS ${CHRYSALIS_ROOMS} ${name} CACHE INTERNAL "")
  foreach(fact DEPS LINK TORCH PROGRAM HELPER SHARED)
    set(CHRYSALIS_ROOM_${name}_${fact} "${ROOM_${fact}}" CACHE INTERNAL "")
  endforeach()

  list(TRANSFORM ROOM_DEPS PREPEND chrysalis:: OUTPUT_VARIABLE deps)
  if((ROOM_TORCH AND NOT CHRYSALIS_TORCH) OR (ROOM_PROGRAM AND NOT CHRYSALIS_PROGRAM) OR
     name IN_LIST CHRYSALIS_LEAVE_OUT)
    return()
  endif()
  foreach(dep ${deps})
    if(NOT TARGET ${dep})
      return()
    endif()
  endforeach()

  set(dir ${PROJECT_SOURCE_DIR}/chrysalis/${name})
  file(GLOB sources CONFIGURE_DEPENDS ${dir}/*.cc)
  file(GLOB headers CONFIGURE_DEPENDS ${dir}/*.h)
  list(FILTER headers EXCLUDE REGEX "_test\\.h$")
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER sources EXCLUDE REGEX "(_test|/main)\\.cc$")
  if(NOT sources)
    message(FATAL_ERROR "Room ${name} has no sources in ${dir}")
  endif()

  add_library(chrysalis_${name} STATIC ${sources})
  add_library(chrysalis::${name} ALIAS chrysalis_${name})
  set_target_properties(chrysalis_${name} PROPERTIES EXPORT_NAME ${name} POSITION_INDEPENDENT_CODE ON)
  target_sources(chrysalis_${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${headers})
  target_compile_features(chrysalis_${name} PUBLIC cxx_std_20)
  target_link_libraries(chrysalis_${name} PUBLIC ${deps} ${ROOM_LINK} Threads::Threads)
  if(ROOM_TORCH)
    target_link_libraries(chrysalis_${name} PUBLIC chrysalis::torch)
  endif()
  set(unchecked "")
  if(ROOM_UNFUZZED AND CHRYSALIS_FUZZ)
    set(unchecked UNCHECKED)
  endif()
  chrysalis_compile_options(chrysalis_${name} ${ROOM_TORCH} ${unchecked})
  if(ROOM_TORCH)  # LibTorch's precompiled header is of one optimisation.
    chrysalis_unite(chrysalis_${name})
  elseif(NOT ROOM_HOT)
    chrysalis_compile_quickly(chrysalis_${name})
  endif()

  if(ROOM_PROGRAM)
    target_compile_definitions(chrysalis_${name} PRIVATE CHRYSALIS_VERSION="${PROJECT_VERSION}")
  endif()
  foreach(program ${ROOM_PROGRAM} ${ROOM_HELPER})
    add_executable(${program} ${dir}/main.cc)
    target_link_libraries(${program} PRIVATE chrysalis_${name})
    chrysalis_compile_options(${program} FALSE)
  endforeach()
  if(ROOM_SHARED)
    add_library(${ROOM_SHARED}_library SHARED $<TARGET_OBJECTS:chrysalis_${name}>)
    set_target_properties(${ROOM_SHARED}_library PROPERTIES OUTPUT_NAME ${ROOM_SHARED} LINKER_LANGUAGE CXX
                          LINK_DEPENDS ${dir}/exports.map)
    target_link_libraries(${ROOM_SHARED}_library PRIVATE ${deps} ${ROOM_LINK} Threads::Threads)
    target_link_options(${ROOM_SHARED}_library PRIVATE -Wl,--version-script=${dir}/exports.map)
    chrysalis_compile_options(${ROOM_SHARED}_library FALSE)
  endif()
  if(CHRYSALIS_TESTS AND tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE chrysalis_${name} GTest::gtest_main)
    target_compile_definitions(${name}_test PRIVATE CHRYSALIS_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    chrysalis_compile_options(${name}_test ${ROOM_TORCH})
    if(ROOM_TORCH)  # Those share LibTorch's precompiled header with their rooms.
      chrysalis_unite(${name}_test)
    else()
      chrysalis_compile_quickly(${name}_test)
      chrysalis_precompile_gtest(${name}_test)
    endif()
    if(ROOM_SHARED)
      add_dependencies(${name}_test ${ROOM_SHARED}_library)
      target_link_libraries(${name}_test PRIVATE ${CMAKE_DL_LIBS})
      target_compile_definitions(${name}_test PRIVATE CHRYSALIS_NM="${CMAKE_NM}"
                                 CHRYSALIS_SHARED_LIBRARY="$<TARGET_FILE:${ROOM_SHARED}_library>")
    endif()
    # Four processes, not one for each test: to begin one costs a hundred tests' time, with LibTorch more.
    foreach(part RANGE 1 4)
      math(EXPR index "${part} - 1")
      add_test(NAME ${name}:part_${part}_of_4 COMMAND ${name}_test)
      set_tests_properties(${name}:part_${part}_of_4 PROPERTIES TIMEOUT 600 ENVIRONMENT
                           "GTEST_TOTAL_SHARDS=4;GTEST_SHARD_INDEX=${index};GTEST_BRIEF=1")
    endforeach()
  endif()
endfunction()

# What is not hot is compiled in four fifths of the time without its loops unrolled; sanitized, where the
# optimizer works through all the checks, in two fifths of it without any of that.
function(chrysalis_compile_quickly target)
  chrysalis_unite(${target})
  if(CHRYSALIS_SANITIZE)
    target_compile_options(${target} PRIVATE -O0)
  else()
    target_compile_options(${target} PRIVATE $<$<NOT:$<CONFIG:Debug>>:-O1>)
  endif()
endfunction()

# Four files are given to the compiler as one, which reads their headers and expands their templates once: two
# thirds of the time for tests, less for small files. So what is local to a file needs a name of its own
# within its room.
function(chrysalis_unite target)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${CHRYSALIS_UNITE} UNITY_BUILD_BATCH_SIZE 4)
endfunction()

# GoogleTest's headers are most of what a small test costs. The first test program makes the precompiled
# header, all others take it from there.
function(chrysalis_precompile_gtest target)
  get_property(owner GLOBAL PROPERTY chrysalis_gtest_header_owner)
  if(owner)
    target_precompile_headers(${target} REUSE_FROM ${owner})
  else()
    target_precompile_headers(${target} PRIVATE <gtest/gtest.h> <algorithm> <cmath> <filesystem>
                              <fmt/format.h> <map> <random> <thread>)
    set_property(GLOBAL PROPERTY chrysalis_gtest_header_owner ${target})
  endif()
endfunction()

# Warnings, sanitizers and the meaning of floating point for one target; `torch`: whether it is of a TORCH
# room. UNCHECKED leaves the sanitizers out.
function(chrysalis_compile_options target torch)
  cmake_parse_arguments(OPTIONS "UNCHECKED" "" "" ${ARGN})
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wno-unused-parameter)
  if(CHRYSALIS_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(torch)
    chrysalis_precompile_torch(${target})
  else()
    # The world, and with it every pixel and every weight, must not depend on how a compiler fuses a*b+c.
    target_compile_options(${target} PRIVATE -ffp-contract=off)
  endif()
  if(CHRYSALIS_SANITIZE AND NOT OPTIONS_UNCHECKED)
    # GCC's own manual: sanitizers make it see uninitialised values where there are none.
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      target_compile_options(${target} PRIVATE -Wno-maybe-uninitialized)
    endif()
    target_compile_options(${target} PRIVATE -fsanitize=${CHRYSALIS_SANITIZE} -fno-omit-frame-pointer
                           -fno-sanitize-recover=all)
    target_link_options(${target} PRIVATE -fsanitize=${CHRYSALIS_SANITIZE})
  endif()
endfunction()
