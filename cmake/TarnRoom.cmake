# SPDX-License-Identifier: BSL-1.0
# Rooms and components: how the folders of tarn/ become libraries, tests and an installed package.
#
#   tarn_component(http LINKS tarn::tarn)     declares the library tarn_http (tarn::http). It comes into being with its
#                                             first room, so a component without rooms costs nothing.
#   tarn_room(http COMPONENT http             adds the room in the current folder to that library:
#     HEADERS client.h server.h ...             public headers, installed
#     SOURCES client.cc internal/pool.h ...     sources and private headers; main.cc becomes the executable `tarn`
#     TESTS client_test.cc ...                  one gtest executable, http_test
#     LIBS  OpenSSL::SSL ...)                   what the room alone needs
#
# The component `tarn` is the target `tarn`; every other one is `tarn_<name>`. Headers are included as
# <tarn/room/file.h>, from the repository's root or from the installed include folder.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# Warnings, language level and visibility of everything that is built here (never of what links to it).
function(tarn_own_target target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_compile_options(${target} PRIVATE -Wall -Wextra)
  if(TARN_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # g++ 12 sees uninitialized coroutine frames that aren't, and overlapping copies in std::string's operator+
    # (https://gcc.gnu.org/PR105651).
    target_compile_options(${target} PRIVATE -Wno-maybe-uninitialized -Wno-restrict)
  endif()
endfunction()

function(tarn_component_target component out)
  if(component STREQUAL "tarn")
    set(${out} tarn PARENT_SCOPE)
  else()
    set(${out} tarn_${component} PARENT_SCOPE)
  endif()
endfunction()

# PRIVATE_COMPONENT: linked into the project's own programs, neither installed nor exported.
function(tarn_component component)
  cmake_parse_arguments(PARSE_ARGV 1 arg "PRIVATE_COMPONENT" "" "LINKS")
  set_property(GLOBAL PROPERTY TARN_LINKS_${component} ${arg_LINKS})
  set_property(GLOBAL PROPERTY TARN_PRIVATE_${component} ${arg_PRIVATE_COMPONENT})
endfunction()

function(tarn_create_component component target)
  get_property(links GLOBAL PROPERTY TARN_LINKS_${component})
  get_property(private GLOBAL PROPERTY TARN_PRIVATE_${component})
  add_library(${target})
  add_library(tarn::${component} ALIAS ${target})
  set_target_properties(${target} PROPERTIES
    EXPORT_NAME ${component} VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
    POSITION_INDEPENDENT_CODE ON)
  target_link_libraries(${target} PUBLIC ${links})
  tarn_own_target(${target})
  if(NOT private)
    set_property(GLOBAL APPEND PROPERTY TARN_COMPONENTS ${component})
  endif()
endfunction()

function(tarn_room room)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "COMPONENT" "HEADERS;SOURCES;TESTS;LIBS")
  if(arg_UNPARSED_ARGUMENTS OR NOT arg_COMPONENT)
    message(FATAL_ERROR "tarn_room(${room}): needs COMPONENT, and doesn't know: ${arg_UNPARSED_ARGUMENTS}")
  endif()
  tarn_component_target(${arg_COMPONENT} target)
  if(NOT TARGET ${target})
    tarn_create_component(${arg_COMPONENT} ${target})
  endif()

  if("main.cc" IN_LIST arg_SOURCES)
    list(REMOVE_ITEM arg_SOURCES main.cc)
    add_executable(tarn_command main.cc)
    set_target_properties(tarn_command PROPERTIES OUTPUT_NAME tarn)
    target_link_libraries(tarn_command PRIVATE ${target} ${arg_LIBS})
    target_compile_definitions(tarn_command PRIVATE TARN_VERSION="${PROJECT_VERSION}")
    tarn_own_target(tarn_command)
    if(TARN_INSTALL)
      install(TARGETS tarn_command RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
    endif()
  endif()
  target_sources(${target} PRIVATE ${arg_SOURCES})
  target_sources(${target} PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${arg_HEADERS})
  target_link_libraries(${target} PRIVATE ${arg_LIBS})
  if(arg_TESTS AND TARN_BUILD_TESTS)
    tarn_test(${room}_test SOURCES ${arg_TESTS} LIBS ${target} ${arg_LIBS} LABEL ${room})
  endif()
endfunction()

# A gtest executable whose tests show up one by one in ctest as <label>.<Suite>.<Name>. It may use tarn::testing (the
# simulated Port) whatever its room: tests stand beside the layers, not in them.
function(tarn_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "LABEL" "SOURCES;LIBS")
  include(GoogleTest)
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_LIBS} $<TARGET_NAME_IF_EXISTS:tarn_testing> tarn_test_main)
  tarn_own_target(${name})
  gtest_discover_tests(${name} TEST_PREFIX "${arg_LABEL}." NO_PRETTY_VALUES DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
    PROPERTIES TIMEOUT 120 LABELS ${arg_LABEL})
endfunction()

# Installs every component that has rooms, one export set each, and the package that finds them.
function(tarn_install_components)
  get_property(components GLOBAL PROPERTY TARN_COMPONENTS)
  set(package ${CMAKE_INSTALL_LIBDIR}/cmake/tarn)
  foreach(component IN LISTS components)
    tarn_component_target(${component} target)
    install(TARGETS ${target} EXPORT tarn-${component}
      FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
      ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
    install(EXPORT tarn-${component} NAMESPACE tarn:: DESTINATION ${package} FILE tarn-${component}-targets.cmake)
  endforeach()
  configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/tarn-config.cmake.in
    ${PROJECT_BINARY_DIR}/tarn-config.cmake INSTALL_DESTINATION ${package}
    PATH_VARS CMAKE_INSTALL_DOCDIR)
  write_basic_package_version_file(${PROJECT_BINARY_DIR}/tarn-config-version.cmake COMPATIBILITY SameMinorVersion)
  install(FILES ${PROJECT_BINARY_DIR}/tarn-config.cmake ${PROJECT_BINARY_DIR}/tarn-config-version.cmake
    ${PROJECT_SOURCE_DIR}/cmake/TarnCompiler.cmake DESTINATION ${package})
  install(FILES ${PROJECT_SOURCE_DIR}/docs/compilers.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
endfunction()
