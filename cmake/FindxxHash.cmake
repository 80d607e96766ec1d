# Finds xxHash as the target xxhash::xxhash: the header and the library as a system's package has them, or, in a source
# tree that xxHash_ROOT names, the header only, which has all in it.
include(FindPackageHandleStandardArgs)

find_path(xxHash_INCLUDE_DIR xxhash.h HINTS "${xxHash_ROOT}")
mark_as_advanced(xxHash_INCLUDE_DIR)
if(xxHash_ROOT)
  set(xxHash_LIBRARY "")
else()
  find_library(xxHash_LIBRARY xxhash)
  mark_as_advanced(xxHash_LIBRARY)
  set(required_library xxHash_LIBRARY)
endif()

if(xxHash_INCLUDE_DIR)
  set(xxHash_VERSION)
  foreach(part IN ITEMS MAJOR MINOR RELEASE)
    file(STRINGS "${xxHash_INCLUDE_DIR}/xxhash.h" line REGEX "define XXH_VERSION_${part} +[0-9]+")
    string(REGEX REPLACE ".*XXH_VERSION_${part} +([0-9]+).*" "\\1" line "${line}")
    list(APPEND xxHash_VERSION "${line}")
  endforeach()
  list(JOIN xxHash_VERSION "." xxHash_VERSION)
endif()

find_package_handle_standard_args(xxHash
  REQUIRED_VARS xxHash_INCLUDE_DIR ${required_library}
  VERSION_VAR xxHash_VERSION)
unset(required_library)

if(xxHash_FOUND AND NOT TARGET xxhash::xxhash)
  add_library(xxhash::xxhash INTERFACE IMPORTED GLOBAL)
  target_include_directories(xxhash::xxhash INTERFACE "${xxHash_INCLUDE_DIR}")  # SYSTEM, as it is imported
  if(xxHash_LIBRARY)
    target_link_libraries(xxhash::xxhash INTERFACE "${xxHash_LIBRARY}")
  else()
    target_compile_definitions(xxhash::xxhash INTERFACE XXH_INLINE_ALL)
  endif()
endif()
