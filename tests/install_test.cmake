# Installs the build tree aside, then configures, builds and runs tests/install against it, as a user would.
#   cmake -DSOURCE_DIR=… -DBINARY_DIR=… -DWORK_DIR=… [-DLINK_FLAGS=…] -P install_test.cmake
cmake_minimum_required(VERSION 3.23)
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE out)
  if(NOT code EQUAL 0)
    list(JOIN ARGN " " line)
    message(FATAL_ERROR "${line}\nended with ${code}:\n${out}")
  endif()
  set(output "${out}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE ${WORK_DIR})
run(${CMAKE_COMMAND} --install ${BINARY_DIR} --prefix ${WORK_DIR}/prefix)
# The build tree's paths must not be what makes it work.
file(GLOB_RECURSE package_files ${WORK_DIR}/prefix/*.cmake)
if(NOT package_files)
  message(FATAL_ERROR "No CMake package was installed")
endif()
foreach(file ${package_files})
  file(READ ${file} text)
  string(FIND "${text}" "${SOURCE_DIR}" at)
  if(NOT at EQUAL -1)
    message(FATAL_ERROR "${file} names the source tree")
  endif()
endforeach()

# What clients of DM Lab's API load.
file(GLOB_RECURSE library ${WORK_DIR}/prefix/libchrysalis_dmlab.so)
if(NOT library)
  message(FATAL_ERROR "libchrysalis_dmlab.so was not installed")
endif()

set(consumer ${CMAKE_COMMAND} -S ${SOURCE_DIR}/tests/install -G ${GENERATOR}
             -DCMAKE_PREFIX_PATH=${WORK_DIR}/prefix "-DCMAKE_EXE_LINKER_FLAGS=${LINK_FLAGS}")
run(${consumer} -B ${WORK_DIR}/build)
run(${CMAKE_COMMAND} --build ${WORK_DIR}/build)
run(${WORK_DIR}/build/hello_env)
if(NOT output STREQUAL "450 agent steps, 20736 bytes of pixels\n")
  message(FATAL_ERROR "hello_env says: ${output}")
endif()

# A room that does not exist is named, with those that do.
execute_process(COMMAND ${consumer} -B ${WORK_DIR}/wrong -DROOM=cellar
                RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE out)
string(FIND "${out}" "there is no room 'cellar'" at)
if(code EQUAL 0 OR at EQUAL -1)
  message(FATAL_ERROR "A room that does not exist was not refused:\n${out}")
endif()
