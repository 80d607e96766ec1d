# Where each dependency comes from: the system's package if there is one new enough, else the commit
# that strait is tested with. Targets are GLOBAL, since whoever adds strait as a subdirectory links them too.
include(FetchContent)

# The commits of a release, unless STRAIT_<NAME>_TAG says otherwise. They are no cache variables, so that a build folder
# follows when strait moves on to another commit.
foreach(pin IN ITEMS
    ASIO=8806a6803cde7054c3049d3666d3ec36786568c5    # asio-1-38-2
    FMT=1be298e1bd68957e4cd352e1f676f00e07dcfb57     # 12.2.0
    CATCH2=fa43b77429ba76c462b1898d6cd2f2d7a9416b14  # v3.7.1
    CLI11=cbd58a3696887b34c70949aef21a71735a0c2ad5   # v2.7.2
    XXHASH=bbb27a5efb85b92a0486cf361a8635715a53f6ba  # v0.8.2
)
  string(REGEX MATCH "^(.*)=(.*)$" pin "${pin}")
  if(NOT STRAIT_${CMAKE_MATCH_1}_TAG)
    set(STRAIT_${CMAKE_MATCH_1}_TAG ${CMAKE_MATCH_2})
  endif()
endforeach()

# Their warnings do not concern users of strait. SYSTEM has to follow the name: FetchContent takes a word that it does
# not know (CMake 3.25 does not know this one there) as a part of the option before it, such as GIT_TAG.
if(CMAKE_VERSION VERSION_GREATER_EQUAL 3.25)
  set(quiet SYSTEM)
endif()

FetchContent_Declare(Asio
  GIT_REPOSITORY https://github.com/chriskohlhoff/asio.git
  GIT_TAG ${STRAIT_ASIO_TAG}
  SOURCE_SUBDIR headers-only  # no such folder: FindAsio makes the target, here as for a package
  FIND_PACKAGE_ARGS 1.22.1 QUIET GLOBAL MODULE)
FetchContent_Declare(fmt ${quiet}
  GIT_REPOSITORY https://github.com/fmtlib/fmt.git
  GIT_TAG ${STRAIT_FMT_TAG}
  FIND_PACKAGE_ARGS 9 QUIET GLOBAL)
FetchContent_Declare(Catch2 ${quiet}
  GIT_REPOSITORY https://github.com/catchorg/Catch2.git
  GIT_TAG ${STRAIT_CATCH2_TAG}
  FIND_PACKAGE_ARGS 3 QUIET GLOBAL)
FetchContent_Declare(CLI11 ${quiet}
  GIT_REPOSITORY https://github.com/CLIUtils/CLI11.git
  GIT_TAG ${STRAIT_CLI11_TAG}
  FIND_PACKAGE_ARGS 2 QUIET GLOBAL)
FetchContent_Declare(xxHash
  GIT_REPOSITORY https://github.com/Cyan4973/xxHash.git
  GIT_TAG ${STRAIT_XXHASH_TAG}
  SOURCE_SUBDIR header-only  # no such folder: FindxxHash makes the target, here as for a package
  FIND_PACKAGE_ARGS 0.8.0 QUIET GLOBAL MODULE)
unset(quiet)

find_package(Threads REQUIRED GLOBAL)

if(NOT TARGET asio::asio)
  FetchContent_MakeAvailable(Asio)
  if(NOT TARGET asio::asio)
    unset(Asio_INCLUDE_DIR CACHE)  # it may name a system's Asio that is too old
    set(Asio_ROOT "${asio_SOURCE_DIR}")
    include(FindAsio)
  endif()
endif()

set(strait_builds_fmt OFF)
if(NOT TARGET fmt::fmt)
  set(FMT_INSTALL ${STRAIT_INSTALL})  # an installed strait needs it beside itself
  set(FMT_SYSTEM_HEADERS ON)
  FetchContent_MakeAvailable(fmt)
  if(TARGET fmt)  # not the system's, which is fmt::fmt only
    set(strait_builds_fmt ON)
    target_compile_options(fmt PRIVATE $<IF:$<BOOL:${MSVC}>,/w,-w>)
  endif()
endif()

if(STRAIT_BUILD_SAMPLES)
  FetchContent_MakeAvailable(CLI11 xxHash)
  if(NOT TARGET xxhash::xxhash)
    unset(xxHash_INCLUDE_DIR CACHE)  # it may name a system's xxHash that is too old
    set(xxHash_ROOT "${xxhash_SOURCE_DIR}")
    include(FindxxHash)
  endif()
endif()

if(STRAIT_BUILD_TESTS)
  # Version 3, or the 2.13 that some distributions still have.
  if(NOT FETCHCONTENT_SOURCE_DIR_CATCH2)
    find_package(Catch2 2.13 QUIET GLOBAL)
  endif()
  if(NOT Catch2_FOUND)
    FetchContent_MakeAvailable(Catch2)
    if(catch2_SOURCE_DIR)
      list(APPEND CMAKE_MODULE_PATH "${catch2_SOURCE_DIR}/extras")
    endif()
  endif()
endif()
