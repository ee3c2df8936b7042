# Plants one violation at a time in a small house and demands that rooms_test.cmake finds it.
#   cmake -DCHECK=<rooms_test.cmake> -DWORK_DIR=… -P rooms_refusal_test.cmake
cmake_minimum_required(VERSION 3.23)
function(expect what file text wanted)
  file(REMOVE_RECURSE ${WORK_DIR})
  file(WRITE ${WORK_DIR}/rooms.cmake
       "set(rooms core world agent)\n"
       "set(room_core_deps \"\")\nset(room_core_torch FALSE)\n"
       "set(room_world_deps core)\nset(room_world_torch FALSE)\n"
       "set(room_agent_deps core)\nset(room_agent_torch TRUE)\n")
  file(WRITE ${WORK_DIR}/chrysalis/core/sound.h "#include <vector>\n#include \"chrysalis/core/other.h\"\n")
  file(WRITE ${WORK_DIR}/chrysalis/agent/sound.cc
       "#include <torch/torch.h>\n#include \"chrysalis/core/sound.h\"\n")
  file(WRITE ${WORK_DIR}/chrysalis/${file} "${text}\n")
  execute_process(COMMAND ${CMAKE_COMMAND} -DROOT=${WORK_DIR} -DROOMS=${WORK_DIR}/rooms.cmake -P ${CHECK}
                  RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE out)
  string(REGEX REPLACE "[ \n]+" " " out "${out}")
  string(FIND "${out}" "${wanted}" at)
  if((code EQUAL 0) STREQUAL (what STREQUAL "refuses") OR at EQUAL -1)
    message(FATAL_ERROR "${what} ${file} was expected to say '${wanted}', and said (${code}):\n${out}")
  endif()
endfunction()

expect(accepts world/door.cc "#include \"chrysalis/core/sound.h\"" "3 files keep to their rooms")
expect(refuses core/door.cc "#include \"chrysalis/world/door.h\"" "core/door.cc includes room world")
expect(refuses world/door.cc "  #  include <chrysalis/agent/net.h>" "world/door.cc includes room agent")
expect(refuses world/door.h "#include <torch/torch.h>" "world/door.h includes LibTorch")
expect(refuses core/door.h "#include <ATen/core/Tensor.h>" "core/door.h includes LibTorch")
expect(refuses core/door.h "#include <c10/util/Half.h>" "core/door.h includes LibTorch")
expect(refuses core/door.h "#include \"sound.h\"" "ours are included as")
expect(refuses cellar/door.h "" "chrysalis/cellar is not a room")
