#!/bin/sh
# Installs what is missing of the Debian packages that Chrysalis is built from. Silent when all are there.
# Exit code 2: this is not a system whose packages we know; the libraries are named, nothing is changed.
set -eu

packages='g++ cmake ninja-build pkg-config
libtorch-dev libopenblas-dev libhwy-dev
libcli11-dev libtomlplusplus-dev libspdlog-dev libfmt-dev nlohmann-json3-dev
libsqlite3-dev libssl-dev libboost-dev
libpng-dev libavcodec-dev libavformat-dev libswscale-dev libavutil-dev
libsdl2-dev
libgtest-dev libx11-dev libxtst-dev xvfb
python3-dev python3-venv python3-torch'

# A LibTorch of the user's own, where CMAKE_PREFIX_PATH leads to one.
own_torch() {
  old_ifs=$IFS
  IFS=:\;
  for prefix in ${CMAKE_PREFIX_PATH:-}; do
    for folder in share/cmake lib/cmake lib64/cmake .; do
      if [ -n "$prefix" ] && [ -f "$prefix/$folder/Torch/TorchConfig.cmake" ]; then
        IFS=$old_ifs
        echo "$prefix"
        return
      fi
    done
  done
  IFS=$old_ifs
}

name_libraries() {
  cat >&2 <<'END'
Chrysalis installs what it needs on Debian 12 or newer and on Ubuntu 24.04 or newer; this is another system.
Install these, then run `cmake --preset release && cmake --build --preset release`:
  a C++20 compiler (g++ 12 or newer), CMake 3.23 or newer, Ninja, pkg-config
  LibTorch 1.13 or newer (CMAKE_PREFIX_PATH may lead to it) with OpenBLAS or MKL, never the reference BLAS
  Highway, CLI11, toml++, spdlog, fmt, nlohmann-json, SQLite 3, OpenSSL, Boost's headers, libpng,
  FFmpeg's libavcodec, libavformat, libswscale and libavutil, SDL 2;
  GoogleTest, libX11, libXtst and Xvfb for the tests; Python 3.11 or newer for the Python package
END
  exit 2
}

command -v dpkg-query >/dev/null 2>&1 && command -v apt-get >/dev/null 2>&1 || name_libraries
os_release=${CHRYSALIS_OS_RELEASE:-/etc/os-release}
id=$(. "$os_release" && echo "${ID:-}")
version=$(. "$os_release" && echo "${VERSION_ID:-}")
case $id in
  # Debian's testing and unstable have no number.
  debian) [ -z "$version" ] || [ "${version%%.*}" -ge 12 ] || name_libraries ;;
  ubuntu) [ "${version%%.*}" -ge 24 ] || name_libraries ;;
  *) name_libraries ;;
esac

torch=$(own_torch)
missing=''
for package in $packages; do
  if [ "$package" = libtorch-dev ] && [ -n "$torch" ]; then continue; fi
  state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ -n "$torch" ]; then
  echo "LibTorch is taken from $torch (CMAKE_PREFIX_PATH): libtorch-dev is not needed."
fi
echo "Chrysalis needs Debian packages that are missing:$missing"
root=''
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null 2>&1; then
    echo "There is no sudo here. As root, run: apt-get install --no-install-recommends$missing" >&2
    exit 2
  fi
  root='sudo'
  echo "Installing them with sudo apt-get."
fi
apt() { $root env DEBIAN_FRONTEND=noninteractive apt-get -o Dpkg::Use-Pty=0 -qq "$@"; }
apt update
# Word splitting makes the list.
# shellcheck disable=SC2086
apt install --yes --no-install-recommends $missing
