# SPDX-License-Identifier: BSL-1.0
# Says loudly that a compiler is too old for applications written with coroutines.
#
# Included by the project itself and by the installed package: it is the user's compiler that matters there. The library
# builds and passes its tests with g++ 12.2, because its own code avoids the traps; an application's code may not.

function(tarn_check_compiler guide)
  if((CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
     OR (CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 16))
    message(WARNING
      "tarn: ${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION} miscompiles ordinary coroutines, some silently.\n"
      "Build applications with clang >= 16 (Debian 12: clang-19) or g++ >= 13, or read what to avoid:\n"
      "  ${guide}")
  endif()
endfunction()
