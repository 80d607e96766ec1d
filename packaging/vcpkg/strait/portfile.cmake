vcpkg_from_github(
  OUT_SOURCE_PATH SOURCE_PATH
  REPO strait-net/strait  # PLACEHOLDER: where your copy of this repository is; vcpkg.json has it, too
  REF "v${VERSION}"
  SHA512 0                # PLACEHOLDER: vcpkg prints the value that belongs here
  HEAD_REF main)

vcpkg_cmake_configure(
  SOURCE_PATH "${SOURCE_PATH}"
  OPTIONS
    -DSTRAIT_BUILD_TESTS=OFF
    -DSTRAIT_BUILD_SAMPLES=OFF
    -DSTRAIT_INSTALL=ON
    -DFETCHCONTENT_FULLY_DISCONNECTED=ON)
vcpkg_cmake_install()

vcpkg_cmake_config_fixup(CONFIG_PATH lib/cmake/strait)
vcpkg_fixup_pkgconfig()
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/debug/include")
file(INSTALL "${CMAKE_CURRENT_LIST_DIR}/usage" DESTINATION "${CURRENT_PACKAGES_DIR}/share/${PORT}")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
