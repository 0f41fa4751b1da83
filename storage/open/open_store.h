#pragma once

// From the setting --database to an open store.

#include <memory>
#include <string>

#include "broker/base/executor.h"
#include "storage/store.h"

namespace parley {

// sqlite:PATH (also sqlite:///ABSOLUTE/PATH). bad_request for anything else, naming what there is; otherwise what open_sqlite
// answers. Blocks; `owner` must outlive the store.
Result<std::unique_ptr<Store>> open_store(const std::string& url, Executor& owner);

}  // namespace parley
