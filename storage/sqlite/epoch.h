#pragma once

// The epoch names one life of the log. A restart keeps it; a file that was copied, moved to another disk or restored from a
// backup gets a new one, because sequence numbers beyond the backup will be given again, to other entries.
//
// How a restored file is known, two marks that fail differently:
//  - the file's inode and birth time, kept in the database: a file that was put in the place of the old one has others. (Not the
//  device number: it may
//    change at a reboot while the file stays.)
//  - a random word, renewed at every open and every orderly close, kept both in the database and in DATABASE.lock: a backup
//  copied over the old file keeps
//    inode and birth time but brings an older word.
// What neither sees: a folder restored as a whole onto the same inode, and a backup of this very run copied over the file after a
// crash. For those there is `parley restore` or `parley epoch bump`.

#include "storage/sqlite/connection.h"
#include "storage/sqlite/owner_file.h"

namespace parley::sqlite {

// The epoch, made or renewed as needed; and renews the word.
Result<std::string> settle_epoch(Connection& connection, OwnerFile& owner, const std::string& path);
// A new epoch whatever the old one was. For operators.
Result<std::string> begin_epoch(Connection& connection, OwnerFile& owner, const std::string& path);
// Renews the word. For an orderly close.
Status renew_word(Connection& connection, OwnerFile& owner, const std::string& path);
// Empty when the database has none (or cannot be read).
std::string stored_epoch(Connection& connection);

}  // namespace parley::sqlite
