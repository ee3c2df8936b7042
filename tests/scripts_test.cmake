# Runs the scripts behind the Makefile where a mistake would meet a new user first: on a system that is not
# ours, and the demo's chain of verbs, with a program that only writes down how it was called.
#   cmake -DSOURCE_DIR=… -DWORK_DIR=… -P scripts_test.cmake
cmake_minimum_required(VERSION 3.23)
file(REMOVE_RECURSE ${WORK_DIR})

# expect(WHAT CODE TEXTS… COMMAND words…): the command ends with CODE and says all of TEXTS.
function(expect what code)
  cmake_parse_arguments(PARSE_ARGV 2 say "" "" "TEXTS;COMMAND")
  execute_process(COMMAND ${say_COMMAND} RESULT_VARIABLE ended OUTPUT_VARIABLE out ERROR_VARIABLE out)
  if(NOT ended STREQUAL code)
    message(FATAL_ERROR "${what}: ended with ${ended}, expected ${code}:\n${out}")
  endif()
  foreach(text ${say_TEXTS})
    string(FIND "${out}" "${text}" at)
    if(at EQUAL -1)
      message(FATAL_ERROR "${what}: expected to hear '${text}', heard:\n${out}")
    endif()
  endforeach()
endfunction()

set(deps ${SOURCE_DIR}/scripts/install_dependencies.sh)
file(WRITE ${WORK_DIR}/fedora "ID=fedora\nVERSION_ID=41\n")
file(WRITE ${WORK_DIR}/old_debian "ID=debian\nVERSION_ID=\"11\"\n")
file(WRITE ${WORK_DIR}/old_ubuntu "ID=ubuntu\nVERSION_ID=\"22.04\"\n")
foreach(system fedora old_debian old_ubuntu)
  expect("dependencies on ${system}" 2 TEXTS "this is another system" LibTorch Highway GoogleTest
         COMMAND ${CMAKE_COMMAND} -E env CHRYSALIS_OS_RELEASE=${WORK_DIR}/${system} ${deps})
endforeach()

# Where CMAKE_PREFIX_PATH leads to a LibTorch, as its archive or as its Python wheel says, Debian's is not
# missed. The packages' tool says that all are there but that one.
file(WRITE ${WORK_DIR}/bin/dpkg-query "#!/bin/sh
case $* in *libtorch-dev*) ;; *) printf installed ;; esac
")
file(WRITE ${WORK_DIR}/bin/apt-get "#!/bin/sh\nexit 7\n")
file(CHMOD ${WORK_DIR}/bin/dpkg-query ${WORK_DIR}/bin/apt-get
     PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
file(WRITE ${WORK_DIR}/debian "ID=debian\nVERSION_ID=\"12\"\n")
file(WRITE ${WORK_DIR}/archive/share/cmake/Torch/TorchConfig.cmake "")
file(WRITE ${WORK_DIR}/wheel/Torch/TorchConfig.cmake "")
foreach(prefix archive wheel)
  execute_process(COMMAND ${CMAKE_COMMAND} -E env CHRYSALIS_OS_RELEASE=${WORK_DIR}/debian
                          PATH=${WORK_DIR}/bin:$ENV{PATH}
                          CMAKE_PREFIX_PATH=/elsewhere:${WORK_DIR}/${prefix} ${deps}
                  RESULT_VARIABLE ended OUTPUT_VARIABLE out ERROR_VARIABLE out)
  if(NOT ended EQUAL 0 OR NOT out STREQUAL "")
    message(FATAL_ERROR "dependencies with a LibTorch of one's own (${prefix}): ended with ${ended}:\n${out}")
  endif()
endforeach()

set(program ${WORK_DIR}/chrysalis)
set(run ${WORK_DIR}/run)
file(WRITE ${program} "#!/bin/sh
echo \"$*\" >>${WORK_DIR}/calls
case $1 in
  train) mkdir -p ${run} ;;
  eval) printf '{\"mean_return\": 12.50, \"ci95\": [11.5, 13.5], \"returns\": [12, 13]}' ;;
  record) echo film >${run}/film.mp4 ;;
esac
")
file(CHMOD ${program} PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
expect("the demo" 0
       TEXTS "mean return    12.50   95% interval 11.50 to 13.50   100 episodes" "What to try next"
       COMMAND ${SOURCE_DIR}/scripts/demo.sh ${program} ${run})
file(STRINGS ${WORK_DIR}/calls calls)
set(wanted "train configs/small/action_space.toml --run ${run}" "lineage ${run} --out ${run}/lineage.svg"
           "inspect ${run}" "eval ${run} --episodes 100 --json" "eval ${run} --alpha 1 --episodes 100 --json"
           "eval ${run} --alpha 0 --episodes 100 --json"
           "eval --policy random --level seek_apples --set agent.actions=big --episodes 100 --json"
           "eval --policy random --level seek_apples --episodes 100 --json"
           "compare ${run} --points 20 --out ${run}/curves.svg" "record ${run} --out ${run}/film.mp4")
if(NOT calls STREQUAL wanted)
  message(FATAL_ERROR "The demo called:\n${calls}\nexpected:\n${wanted}")
endif()

# A step that fails stops the demo with that step's code, and leaves no half-written answer behind.
file(WRITE ${program} "#!/bin/sh\n[ $1 != eval ] || exit 3\n")
file(REMOVE ${run}/eval_trained.json)
expect("a demo whose evaluation fails" 3 TEXTS "Evaluating"
       COMMAND ${SOURCE_DIR}/scripts/demo.sh ${program} ${run})
if(EXISTS ${run}/eval_trained.json)
  message(FATAL_ERROR "A failed evaluation left its answer")
endif()
expect("a demo without a program" 2 TEXTS "make build"
       COMMAND ${SOURCE_DIR}/scripts/demo.sh ${WORK_DIR}/nothing ${run})

# The levels' pictures: two of each level that the program lists, and none of a map of one's own.
file(REMOVE ${WORK_DIR}/calls)
file(WRITE ${program} "#!/bin/sh
case $1 in
  levels) printf 'a_level  30 s  Summary\nmap:FILE  A text map\n' ;;
  render) echo \"$*\" >>${WORK_DIR}/calls ;;
esac
")
set(sheets ${SOURCE_DIR}/scripts/level_sheets.sh)
expect("the levels' pictures" 0 TEXTS "${WORK_DIR}/pictures/a_level.png"
       COMMAND ${sheets} ${program} ${WORK_DIR}/pictures)
file(STRINGS ${WORK_DIR}/calls calls)
set(picture "${WORK_DIR}/pictures/a_level")
set(wanted "render --level a_level --seed 2 --sheet 24 --scale 2 --out ${picture}.png"
           "render --level a_level --seed 2 --top-down --size 640x480 --out ${picture}_top_down.png")
if(NOT calls STREQUAL wanted)
  message(FATAL_ERROR "The levels' pictures called:\n${calls}\nexpected:\n${wanted}")
endif()
expect("pictures without a program" 2 TEXTS "make build"
       COMMAND ${sheets} ${WORK_DIR}/nothing ${WORK_DIR}/pictures)
