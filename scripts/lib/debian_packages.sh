# shellcheck shell=bash
# Sourced. need_packages PACKAGE...: installs the packages that are missing, on Debian and its derivatives. On other
# systems, or without the permission to install, it does nothing: CMake then finds the dependencies elsewhere, fetches
# them, or reports what is missing.

need_packages() {
  command -v apt-get >/dev/null || return 0
  local package missing=()
  for package; do
    dpkg -s "$package" 2>/dev/null | grep -q '^Status: install ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0

  local as_root=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "cannot install without root or sudo: ${missing[*]}" >&2; return 0; }
    as_root=(sudo)
  fi
  echo "installing ${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}
