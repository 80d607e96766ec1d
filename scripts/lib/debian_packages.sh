# shellcheck shell=bash
# Sourced. need_packages PACKAGE...: installs those that are missing, on Debian and its kin. Elsewhere, and for who may
# not install, it goes on without: CMake then finds what is needed in other places, fetches it, or says what it lacks.

need_packages() {
  command -v apt-get >/dev/null || return 0
  local package missing=()
  for package; do
    dpkg -s "$package" 2>/dev/null | grep -q '^Status: install ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0

  local as_root=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "not installed, for want of root: ${missing[*]}" >&2; return 0; }
    as_root=(sudo)
  fi
  echo "installing ${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}
