#!/usr/bin/env bash
# Shared by the scripts: where the project is, how to install and build, how to say what is going on.
# Sourced, never run.

PARLEY_ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
export PARLEY_ROOT

say() { printf '==> %s\n' "$*" >&2; }
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

# The packages among the arguments that are not installed, one a line. One call of dpkg-query, so that a second start is quick.
missing_packages() {
  local installed package
  # shellcheck disable=SC2016 # dpkg-query expands it
  installed=" $(dpkg-query -W -f '${Package}:${db:Status-Status} ' "$@" 2>/dev/null || true)"
  for package in "$@"; do
    [[ $installed == *" $package:installed "* ]] || printf '%s\n' "$package"
  done
}

# Runs apt-get with one short line for every 20 packages; what it said is shown when it fails. Servers that come along are not started: what
# tests need of them they start themselves.
apt_get_install() {
  local log policy=/usr/sbin/policy-rc.d status=0
  log="$(mktemp)"
  if [ -e "$policy" ]; then
    policy=
  else
    as_root sh -c "printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy"
  fi
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 --no-install-recommends install "$@" \
    2>&1 </dev/null | tee "$log" |
    awk '/^(Get:|Unpacking )/ { if (++n % 20 == 0) { print "    " n " steps: " $0 > "/dev/stderr" } }' || status=1
  [ -z "$policy" ] || as_root rm -f "$policy"
  [ "$status" -eq 0 ] || tail -n 20 "$log" >&2
  rm -f "$log"
  return "$status"
}

# apt_install PACKAGE...: installs those that are missing, and asks apt for nothing when none is.
apt_install() {
  local missing
  command -v dpkg-query >/dev/null || die "this is no Debian: install the packages named in scripts/lib/common.sh by hand"
  mapfile -t missing < <(missing_packages "$@")
  [ ${#missing[@]} -eq 0 ] && return 0
  say "installing ${missing[*]}"
  # Package lists first: on a new machine they are empty, on an old one they name files that are gone.
  as_root apt-get -qq -o DPkg::Lock::Timeout=300 update </dev/null || say "apt-get update failed: trying with the lists that are here"
  apt_get_install "${missing[@]}" || die "apt could not install ${missing[*]}: see the lines above"
}

# What the broker is built with.
install_build_deps() {
  apt_install g++ cmake ninja-build ccache pkg-config ca-certificates git \
    libuv1-dev node-llhttp libwslay-dev libcjson-dev libpq-dev libhiredis-dev prometheus-cpp-dev \
    libsqlite3-dev libssl-dev libjwt-dev libsodium-dev libcli11-dev libspdlog-dev zlib1g-dev
}

# What its units and the Node tests need besides.
install_test_deps() {
  apt_install libgtest-dev libgmock-dev procps redis-server haproxy openssl curl mosquitto-clients python3 python3-paho-mqtt
  install_postgres_server
}

# The server's programs only: the tests start servers of their own, so Debian's package is told not to make and start one.
install_postgres_server() {
  [ -n "$(missing_packages postgresql)" ] || return 0
  as_root mkdir -p /etc/postgresql-common/createcluster.d
  as_root sh -c 'echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.d/no-main-cluster.conf'
  apt_install postgresql
}

install_lint_deps() {
  apt_install clang-14 clang-format-14 clang-tidy-14 shellcheck
}

# What scripts/bench compares with. Debian starts a Mosquitto of its own on install: policy-rc.d says no for that moment.
install_bench_deps() {
  local policy=/usr/sbin/policy-rc.d made=
  apt_install libgtest-dev libgmock-dev libbenchmark-dev
  if [ -n "$(missing_packages mosquitto)" ] && [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
    made=1
  fi
  apt_install mosquitto python3-flask-socketio python3-eventlet util-linux
  [ -z "$made" ] || as_root rm -f "$policy"
}

install_browser() {
  apt_install chromium fonts-liberation
}

# Node and npm, from apt only when the machine has none of its own.
install_node() {
  command -v node >/dev/null || apt_install nodejs
  command -v npm >/dev/null || apt_install npm
  local major
  major="$(node -p 'process.versions.node.split(".")[0]')"
  [ "$major" -ge 18 ] || die "node is version $(node --version), and 18 or newer is needed: install a newer one, or take it away so that apt's is used"
}

# install_node_modules DIR: `npm ci` when the lock file changed since the last one.
install_node_modules() {
  local dir="$1" stamp="$1/node_modules/.parley-lock"
  if ! cmp -s "$dir/package-lock.json" "$stamp"; then
    say "installing the npm packages of ${dir#"$PARLEY_ROOT"/}"
    (cd "$dir" && npm ci --no-audit --no-fund --loglevel=error </dev/null >&2) || die "npm ci failed in $dir"
    cp "$dir/package-lock.json" "$stamp"
  fi
}

# configure_preset PRESET: when there is no build folder of this very project and preset yet; afterwards ninja sees to it.
configure_preset() {
  local preset="$1" dir="$PARLEY_ROOT/build/$1" log
  if [ -f "$dir/build.ninja" ] && cmp -s "$PARLEY_ROOT/CMakePresets.json" "$dir/.parley-presets"; then return 0; fi
  # A project folder that was moved or copied: CMake refuses its old cache.
  if [ -f "$dir/CMakeCache.txt" ] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$PARLEY_ROOT" "$dir/CMakeCache.txt"; then
    rm -rf "$dir"
  fi
  say "configuring build/$preset"
  mkdir -p "$dir"
  log="$dir/configure.log"
  (cd "$PARLEY_ROOT" && cmake --preset "$preset" >"$log" 2>&1 </dev/null) || {
    cat "$log" >&2
    die "cmake could not configure the preset $preset"
  }
  cp "$PARLEY_ROOT/CMakePresets.json" "$dir/.parley-presets"
}

# build_preset PRESET [TARGET...]
build_preset() {
  local preset="$1" targets=()
  shift
  configure_preset "$preset"
  [ $# -gt 0 ] && targets=(--target "$@")
  (cd "$PARLEY_ROOT" && cmake --build --preset "$preset" "${targets[@]}" </dev/null >&2) || die "the build of preset $preset failed: see the lines above"
}

# One line that changes when a file of the web client changes, is added or is taken away.
web_sources_hash() {
  (cd "$PARLEY_ROOT/webclient" &&
    find . \( -name node_modules -o -name dist -o -name .cache -o -name test-results \) -prune -o -type f -not -name '*.tsbuildinfo' -print0 |
    LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum)
}

# Builds webclient/dist when its sources changed since the last build.
build_web() {
  local stamp="$PARLEY_ROOT/webclient/dist/.parley-sources" hash
  hash="$(web_sources_hash)"
  if [ -f "$PARLEY_ROOT/webclient/dist/index.html" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$hash" ]; then return 0; fi
  install_node
  install_node_modules "$PARLEY_ROOT/webclient"
  say "building the web client"
  (cd "$PARLEY_ROOT/webclient" && npm run --silent build </dev/null >&2) || die "the web client could not be built: see the lines above"
  printf '%s\n' "$hash" >"$stamp"
}
