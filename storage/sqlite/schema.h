#pragma once

// Brings a database file to this binary's schema, or says clearly why it cannot.

#include "storage/sqlite/connection.h"

namespace parley::sqlite {

// Refuses what is no database, what is another program's, what a newer Parley made, and what cannot be written; sets WAL mode;
// applies the migrations that are missing, each in a transaction.
Status prepare_schema(Connection& connection, const std::string& path);

}  // namespace parley::sqlite
