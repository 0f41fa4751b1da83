#pragma once

// Copies of a database: of one that is in use (SQLite's online backup), and back into an empty place. Both block, and belong to
// the command line.

#include <string>

#include "broker/base/result.h"

namespace parley::sqlite {

// Copies the database while a broker uses it: one consistent state, in which everything acknowledged before the call is. The copy
// is written aside, checked, made durable and then renamed to `to`. not_found: no database there; conflict: `to` is there
// already; bad_request: the file is no database of Parley's; unavailable: read or write failed, nothing is left.
Status backup(const std::string& from, const std::string& to);

// Puts a backup where there is no database. The file is another one than before, so the first start begins another epoch and
// tells clients. conflict: there is a database, or a broker owns that place; otherwise as above.
Status restore(const std::string& from, const std::string& to);

}  // namespace parley::sqlite
