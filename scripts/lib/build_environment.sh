# shellcheck shell=bash
# Sourced by the scripts that build strait: installs its packages, and sets the number of jobs to that of the processors.

. "$(dirname "${BASH_SOURCE[0]}")/debian_packages.sh"

export CMAKE_BUILD_PARALLEL_LEVEL=${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}

need_build_packages() {
  need_packages g++ cmake ninja-build python3 git ca-certificates libasio-dev libfmt-dev catch2 libcli11-dev \
    libxxhash-dev netbase ccache
  if command -v ccache >/dev/null; then
    export CMAKE_CXX_COMPILER_LAUNCHER=${CMAKE_CXX_COMPILER_LAUNCHER:-ccache}
  fi
}
