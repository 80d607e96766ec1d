# Finds standalone Asio, which ships no CMake files: headers only, as the target asio::asio.
# Set Asio_ROOT to look elsewhere first: an installation, or a source tree of any layout upstream has had.
include(FindPackageHandleStandardArgs)

find_path(Asio_INCLUDE_DIR asio/version.hpp
  HINTS "${Asio_ROOT}"
  PATH_SUFFIXES include asio/include)
mark_as_advanced(Asio_INCLUDE_DIR)

if(Asio_INCLUDE_DIR)
  # ASIO_VERSION is major * 100000 + minor * 100 + patch.
  file(STRINGS "${Asio_INCLUDE_DIR}/asio/version.hpp" Asio_VERSION REGEX "define ASIO_VERSION ")
  string(REGEX REPLACE "[^0-9]*([0-9]+).*" "\\1" Asio_VERSION "${Asio_VERSION}")
  math(EXPR major "${Asio_VERSION} / 100000")
  math(EXPR minor "${Asio_VERSION} / 100 % 1000")
  math(EXPR patch "${Asio_VERSION} % 100")
  set(Asio_VERSION ${major}.${minor}.${patch})
endif()

find_package_handle_standard_args(Asio
  REQUIRED_VARS Asio_INCLUDE_DIR
  VERSION_VAR Asio_VERSION)

if(Asio_FOUND AND NOT TARGET asio::asio)
  add_library(asio::asio INTERFACE IMPORTED GLOBAL)
  target_include_directories(asio::asio INTERFACE "${Asio_INCLUDE_DIR}")  # SYSTEM, as it is imported
  target_compile_definitions(asio::asio INTERFACE ASIO_STANDALONE)
endif()
