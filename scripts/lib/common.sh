#!/usr/bin/env bash
# Shared by the scripts: where the project is, how to install, how to say what is going on.
# Sourced, never run.

PARLEY_ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
export PARLEY_ROOT

say() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# Runs a command as root: directly when we are root, through sudo otherwise.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "'$*' needs root and there is no sudo: run it as root once, then try again"
  fi
}

# apt_install PACKAGE...: installs those that are missing, and asks apt for nothing when none is.
apt_install() {
  local missing=() package
  for package in "$@"; do
    # shellcheck disable=SC2016 # dpkg-query expands it
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  say "installing ${missing[*]}"
  if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" >/dev/null 2>&1; then
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" >/dev/null ||
      die "apt could not install ${missing[*]}: see the lines above"
  fi
}

# What the broker is built with.
install_build_deps() {
  apt_install g++ cmake ninja-build ccache pkg-config ca-certificates git \
    libuv1-dev node-llhttp libwslay-dev libcjson-dev libpq-dev libhiredis-dev prometheus-cpp-dev \
    libsqlite3-dev libssl-dev libjwt-dev libsodium-dev libcli11-dev libspdlog-dev zlib1g-dev
}

# Node and npm, from apt only when the machine has none of its own.
install_node() {
  command -v node >/dev/null || apt_install nodejs
  command -v npm >/dev/null || apt_install npm
}

# install_node_modules DIR: `npm ci` when the lock file changed since the last one.
install_node_modules() {
  local dir="$1" stamp="$1/node_modules/.parley-lock"
  if ! cmp -s "$dir/package-lock.json" "$stamp"; then
    say "installing the npm packages of ${dir#"$PARLEY_ROOT"/}"
    (cd "$dir" && npm ci --no-audit --no-fund --loglevel=error) || die "npm ci failed in $dir"
    cp "$dir/package-lock.json" "$stamp"
  fi
}

# build_preset PRESET [TARGET...]: configures when needed and builds.
build_preset() {
  local preset="$1"
  shift
  (cd "$PARLEY_ROOT" && cmake --preset "$preset" >"$PARLEY_ROOT/.configure-$preset.log" 2>&1) || {
    cat "$PARLEY_ROOT/.configure-$preset.log" >&2
    die "cmake could not configure the preset $preset"
  }
  rm -f "$PARLEY_ROOT/.configure-$preset.log"
  local targets=()
  [ $# -gt 0 ] && targets=(--target "$@")
  (cd "$PARLEY_ROOT" && cmake --build --preset "$preset" "${targets[@]}")
}
