# Installs the program, the rooms' libraries and headers, and the CMake package `chrysalis`, whose
# components are the rooms: find_package(chrysalis COMPONENTS env) asks for what chrysalis::env needs and no
# more. The shared libraries of rooms are for programs that load them, not for CMake's.
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/chrysalis)

# All that is installed, and with it all that `make build` builds.
add_custom_target(product)
function(chrysalis_install target)
  install(TARGETS ${target} ${ARGN})
  add_dependencies(product ${target})
endfunction()

# Each room has its export file, because CMake checks all targets of one file at once, and its facts in
# rooms.cmake: the rooms that it uses, and the packages behind the libraries that it links.
set(facts "")
set(installed "")
foreach(room ${CHRYSALIS_ROOMS})
  if(NOT TARGET chrysalis_${room} OR CHRYSALIS_ROOM_${room}_PROGRAM)
    continue()
  endif()
  list(APPEND installed ${room})
  chrysalis_install(chrysalis_${room} EXPORT chrysalis_${room}
                    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
                    FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  if(CHRYSALIS_ROOM_${room}_SHARED)
    chrysalis_install(${CHRYSALIS_ROOM_${room}_SHARED}_library
                      LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
  endif()
  if(CHRYSALIS_ROOM_${room}_HELPER)
    chrysalis_install(${CHRYSALIS_ROOM_${room}_HELPER}
                      RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/chrysalis)
  endif()
  install(EXPORT chrysalis_${room} NAMESPACE chrysalis:: DESTINATION ${package_dir} FILE room_${room}.cmake)

  list(TRANSFORM CHRYSALIS_ROOM_${room}_LINK REPLACE "::.*" "" OUTPUT_VARIABLE packages)
  list(TRANSFORM packages REPLACE "^SQLite$" "SQLite3")
  if(CHRYSALIS_ROOM_${room}_TORCH)
    list(APPEND packages Torch)
  endif()
  string(APPEND facts "set(chrysalis_${room}_rooms ${CHRYSALIS_ROOM_${room}_DEPS})\n"
                      "set(chrysalis_${room}_packages ${packages})\n"
                      "set(chrysalis_${room}_torch ${CHRYSALIS_ROOM_${room}_TORCH})\n")
endforeach()
file(WRITE ${PROJECT_BINARY_DIR}/package/rooms.cmake "set(chrysalis_rooms ${installed})\n${facts}")

configure_package_config_file(cmake/config.cmake.in ${PROJECT_BINARY_DIR}/package/chrysalisConfig.cmake
                              INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/package/chrysalisConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/package/chrysalisConfig.cmake ${PROJECT_BINARY_DIR}/package/rooms.cmake
              ${PROJECT_BINARY_DIR}/package/chrysalisConfigVersion.cmake
              cmake/find_torch.cmake cmake/cuda_stand_ins.cmake cmake/find_libav.cmake
        DESTINATION ${package_dir})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
if(TARGET chrysalis)
  chrysalis_install(chrysalis RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  if(TARGET chrysalis-torch)
    chrysalis_install(chrysalis-torch RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
    add_dependencies(chrysalis chrysalis-torch)  # Who builds the one wants both.
  endif()
  install(DIRECTORY configs/ DESTINATION ${CMAKE_INSTALL_DATADIR}/chrysalis/configs)
endif()
