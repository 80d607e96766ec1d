# The end of a consumer's CMakeLists.txt: a library of its own that needs strait, installed with a package of its own.
add_library(own INTERFACE)
target_link_libraries(own INTERFACE strait::strait)

install(TARGETS own EXPORT own-targets)
install(EXPORT own-targets NAMESPACE own:: DESTINATION lib/cmake/own)
file(CONFIGURE OUTPUT own-config.cmake CONTENT [[
include(CMakeFindDependencyMacro)
find_dependency(strait 0.2)
include("${CMAKE_CURRENT_LIST_DIR}/own-targets.cmake")
]] @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/own-config.cmake" DESTINATION lib/cmake/own)
