# Runs the port with `cmake -P`, with stand-ins for the functions of vcpkg that it calls: configures the clone as the port
# asks, and checks the names of files and options.
#
# usage: cmake -D CHECKOUT=… -D BUILD=… -P check_port.cmake
cmake_minimum_required(VERSION 3.24)

set(PORT strait)
set(CURRENT_PACKAGES_DIR "${BUILD}/packages")
set(port "${CHECKOUT}/packaging/vcpkg/strait")
file(READ "${port}/vcpkg.json" manifest)
string(JSON VERSION GET "${manifest}" version)

function(vcpkg_from_github)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "OUT_SOURCE_PATH;REPO;REF;SHA512;HEAD_REF" "")
  set(${arg_OUT_SOURCE_PATH} "${CHECKOUT}" PARENT_SCOPE)
endfunction()

function(vcpkg_cmake_configure)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "SOURCE_PATH" "OPTIONS")
  execute_process(
    COMMAND "${CMAKE_COMMAND}" -S "${arg_SOURCE_PATH}" -B "${BUILD}" -G Ninja
      -DBUILD_SHARED_LIBS=OFF -DCMAKE_INSTALL_LIBDIR=lib ${arg_OPTIONS}
    COMMAND_ERROR_IS_FATAL ANY OUTPUT_QUIET ERROR_VARIABLE said)
  if(said MATCHES "variables were not used")
    message(FATAL_ERROR "the port sets options that strait does not have: ${said}")
  endif()
endfunction()

function(vcpkg_cmake_config_fixup)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "CONFIG_PATH" "")
  file(READ "${BUILD}/cmake_install.cmake" installed)
  if(NOT installed MATCHES "/${arg_CONFIG_PATH}\"")
    message(FATAL_ERROR "strait is not installed into ${arg_CONFIG_PATH}")
  endif()
endfunction()

function(vcpkg_install_copyright)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "" "FILE_LIST")
  if(NOT EXISTS "${arg_FILE_LIST}")
    message(FATAL_ERROR "the port names a file that does not exist: ${arg_FILE_LIST}")
  endif()
endfunction()

function(vcpkg_cmake_install)
endfunction()
function(vcpkg_fixup_pkgconfig)
endfunction()

include("${port}/portfile.cmake")
