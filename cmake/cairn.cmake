# What every folder of cairn shares: warnings, sanitizers, and one library and one test program per folder.

add_library(cairn_options INTERFACE)
target_include_directories(cairn_options INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_options(cairn_options INTERFACE -Wall -Wextra -Werror -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 sees a moved-from std::variant as uninitialised when it optimises.
  target_compile_options(cairn_options INTERFACE -Wno-maybe-uninitialized)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # The stable_sort of libstdc++ 12 calls what the same library deprecates.
  target_compile_options(cairn_options INTERFACE -Wthread-safety -Wno-deprecated-declarations)
endif()

# simdjson loses two thirds of its speed without NDEBUG; CAIRN_CHECK does not depend on it.
if(CMAKE_BUILD_TYPE STREQUAL "Release" OR CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  target_compile_definitions(cairn_options INTERFACE NDEBUG)
endif()

set(CAIRN_SANITIZE "" CACHE STRING "sanitizers, as -fsanitize= takes them")
if(CAIRN_SANITIZE)
  target_compile_options(cairn_options INTERFACE -fsanitize=${CAIRN_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(cairn_options INTERFACE -fsanitize=${CAIRN_SANITIZE})
endif()

if(CAIRN_FUZZ)
  target_compile_options(cairn_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

find_program(CAIRN_MOLD mold)
if(CAIRN_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# cairn_library(NAME [DEPENDS folder...] [LIBRARIES lib...])
# Every .cpp of the current folder becomes library cairn_NAME. DEPENDS names other folders of src/, LIBRARIES third parties.
function(cairn_library name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  if(NOT sources)  # headers only
    add_library(cairn_${name} INTERFACE)
    target_link_libraries(cairn_${name} INTERFACE cairn_options)
    return()
  endif()
  add_library(cairn_${name} STATIC ${sources})
  target_link_libraries(cairn_${name} PUBLIC cairn_options)
  foreach(folder ${ARG_DEPENDS})
    target_link_libraries(cairn_${name} PUBLIC cairn_${folder})
  endforeach()
  target_link_libraries(cairn_${name} PRIVATE ${ARG_LIBRARIES})
endfunction()

# cairn_test(NAME [SECONDS number] [DEPENDS folder...] [LIBRARIES lib...])
# Every .cpp of the current folder becomes the test program test_NAME. Programs with more SECONDS (under asan) begin earlier.
function(cairn_test name)
  cmake_parse_arguments(ARG "" "SECONDS" "DEPENDS;LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  add_executable(test_${name} ${sources})
  target_include_directories(test_${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  foreach(folder ${ARG_DEPENDS})
    target_link_libraries(test_${name} PRIVATE cairn_${folder})
  endforeach()
  target_link_libraries(test_${name} PRIVATE ${ARG_LIBRARIES} gtest gtest_main Threads::Threads)
  # Relative, so that a compiler cache serves every clone; tests run in the root of the sources.
  target_compile_definitions(test_${name} PRIVATE CAIRN_SOURCE_DIR=".")
  add_test(NAME ${name} COMMAND test_${name} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  if(ARG_SECONDS)
    set_tests_properties(${name} PROPERTIES COST ${ARG_SECONDS})
  endif()
endfunction()

# Folders that are not there yet are left out, so that a part can be built alone.
function(cairn_folders root)
  foreach(folder ${ARGN})
    if(EXISTS ${CMAKE_SOURCE_DIR}/${root}/${folder}/CMakeLists.txt)
      add_subdirectory(${CMAKE_SOURCE_DIR}/${root}/${folder} ${CMAKE_BINARY_DIR}/${root}/${folder})
    endif()
  endforeach()
endfunction()
