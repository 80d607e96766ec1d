# The Debian package libstrait-dev, with the headers and the library, which `cpack -G DEB` makes in the build folder. For
# the folders that Debian uses, configure with -DCMAKE_INSTALL_PREFIX=/usr.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME libstrait-dev)
set(CPACK_PACKAGE_CONTACT "strait <strait@example.org>")                 # PLACEHOLDER: the maintainer
set(CPACK_PACKAGE_HOMEPAGE_URL "https://github.com/strait-net/strait")  # PLACEHOLDER: where the repository is
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES OFF)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS libasio-dev)  # for strait::asio
if(strait_builds_fmt)  # the package contains it
  set(CPACK_DEBIAN_PACKAGE_CONFLICTS libfmt-dev)
elseif(strait_fmt_major)  # a program that uses the headers needs it, and it brings the library that strait needs
  math(EXPR next "${strait_fmt_major} + 1")
  set(CPACK_DEBIAN_PACKAGE_DEPENDS "libfmt-dev (>= ${strait_fmt_major}), libfmt-dev (<< ${next})")
endif()

include(CPack)
