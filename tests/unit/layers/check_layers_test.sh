#!/usr/bin/env bash
# The layers of the project are in order, and check_layers would say so if they were not: each planted wrong include is found.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)"
check="$root/scripts/lib/check_layers"
"$check" "$root"

scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT
failures=0

# expect STATUS FILE INCLUDE-LINE
expect() {
  local wanted="$1" file="$2" line="$3" status=0
  rm -rf "$scratch/tree"
  mkdir -p "$scratch/tree/$(dirname "$file")"
  printf '#pragma once\n%s\n' "$line" >"$scratch/tree/$file"
  "$check" "$scratch/tree" >"$scratch/said" 2>&1 || status=$?
  if [ "$status" -ne "$wanted" ]; then
    echo "FAILED: $file with '$line': exit $status, wanted $wanted"
    cat "$scratch/said"
    failures=$((failures + 1))
  fi
}

expect 0 broker/core/a.h '#include "broker/protocol/entry.h"'
expect 0 broker/core/a.cpp '#include "storage/store.h"'
expect 0 broker/core/a.cpp '#include "storage/mqtt_store.h"'
expect 1 http/api/a.cpp '#include "storage/mqtt_store.h"'
expect 0 broker/net/a.h '#include <uv.h>'
expect 0 broker/base/log.cpp '#include <spdlog/spdlog.h>'
expect 0 broker/server/main.cpp '#include "http/api/accounts.h"'
expect 0 storage/sqlite/a.cpp '#include "broker/net/ordered_worker.h"'
expect 1 broker/base/a.h '#include "broker/protocol/entry.h"'
expect 1 broker/protocol/a.cpp '#include "broker/core/log.h"'
expect 1 broker/core/a.cpp '#include "broker/net/loop.h"'
expect 1 broker/core/a.cpp '#include "storage/sqlite/open.h"'
expect 1 broker/core/a.cpp '#include "storage/migrations.h"'
expect 1 broker/core/a.cpp '#  include "broker/server/app.h"'
expect 1 broker/core/a.cpp '#include <uv.h>'
expect 1 broker/core/a.cpp '#include "log.h"'
expect 1 broker/net/a.cpp '#include "broker/core/log.h"'
expect 1 http/a.cpp '#include "http/api/accounts.h"'
expect 1 http/a.cpp '#include "broker/core/log.h"'
expect 1 http/api/a.cpp '#include "broker/net/loop.h"'
expect 1 http/api/a.cpp '#include "broker/server/app.h"'
expect 1 storage/a.cpp '#include "storage/sqlite/open.h"'
expect 1 storage/sqlite/a.cpp '#include "broker/core/log.h"'
expect 1 storage/sqlite/a.cpp '#include <cjson/cJSON.h>'
expect 1 broker/base/log.h '#include <spdlog/spdlog.h>'
expect 1 broker/server/metrics.h '#include <prometheus/registry.h>'
expect 1 broker/unknown/a.h '#include <vector>'
expect 2 elsewhere/a.h '#include <vector>'

[ "$failures" -eq 0 ] && echo "check_layers finds what it should"
[ "$failures" -eq 0 ]
