# Installs strait for find_package(strait) and for pkg-config.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(config_dir "${CMAKE_INSTALL_LIBDIR}/cmake/strait")

target_include_directories(strait INTERFACE "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/strait" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(TARGETS strait EXPORT strait-targets)
install(TARGETS strait_asio EXPORT strait-asio-targets)
if(strait_builds_fmt)  # and installs it beside strait
  set_target_properties(strait PROPERTIES INSTALL_RPATH "$ORIGIN")
endif()
set_target_properties(strait_asio PROPERTIES INSTALL_RPATH "$ORIGIN")
install(EXPORT strait-targets NAMESPACE strait:: DESTINATION "${config_dir}")
install(EXPORT strait-asio-targets NAMESPACE strait:: DESTINATION "${config_dir}")

# Whose asio::asio another project has brought, its version is for the linker to check (interop/detail/asio_build.hpp).
set(strait_asio_version 1.22.1)
if(Asio_VERSION)
  set(strait_asio_version ${Asio_VERSION} EXACT)
endif()
list(JOIN strait_asio_version " " strait_asio_version)

# fmt's symbols contain its major version, and strait's contain fmt's.
include(fmt_major_version)
strait_fmt_major_version(strait_fmt_major)
set(strait_fmt_range 9)
set(strait_fmt_requirement "fmt >= 9")
if(strait_fmt_major)
  math(EXPR next "${strait_fmt_major} + 1")
  set(strait_fmt_range "${strait_fmt_major}...<${next}")
  set(strait_fmt_requirement "fmt >= ${strait_fmt_major}, fmt < ${next}")
endif()

configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/strait-config.cmake.in"
  "${PROJECT_BINARY_DIR}/strait-config.cmake" INSTALL_DESTINATION "${config_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/strait-config-version.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES
    "${PROJECT_BINARY_DIR}/strait-config.cmake"
    "${PROJECT_BINARY_DIR}/strait-config-version.cmake"
    "${PROJECT_SOURCE_DIR}/cmake/FindAsio.cmake"
    "${PROJECT_SOURCE_DIR}/cmake/fmt_major_version.cmake"
    "${PROJECT_SOURCE_DIR}/cmake/supported_compilers.cmake"
  DESTINATION "${config_dir}")

# From where strait.pc lies to the prefix, so that an installed tree can be moved.
cmake_path(SET prefix_from_pc /prefix)
cmake_path(RELATIVE_PATH prefix_from_pc BASE_DIRECTORY "/prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig")
if(strait_type STREQUAL "STATIC_LIBRARY")
  set(static_definition -DSTRAIT_STATIC)
endif()
foreach(package strait strait-asio)
  configure_file("${PROJECT_SOURCE_DIR}/cmake/${package}.pc.in" "${PROJECT_BINARY_DIR}/${package}.pc" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/${package}.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endforeach()

if(PROJECT_IS_TOP_LEVEL)
  include(debian_package)
endif()
