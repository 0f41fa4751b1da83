#include "storage/sqlite/epoch.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>

#include <algorithm>

#include "broker/base/log.h"
#include "broker/base/random.h"

namespace parley::sqlite {

namespace {

class SystemRandom final : public Random {
 public:
  std::uint64_t next() override {
    std::uint64_t value = 0;
    randombytes_buf(&value, sizeof value);
    return value;
  }
};

std::string random_word(unsigned length) {
  SystemRandom random;
  return random.id(length);
}

// Inode and birth time (0 where the file system has none), as text.
std::string file_identity(const std::string& path) {
  struct statx status {};
  if (::statx(AT_FDCWD, path.c_str(), 0, STATX_INO | STATX_BTIME, &status) != 0) return {};
  const bool born = (status.stx_mask & STATX_BTIME) != 0;
  return std::to_string(status.stx_ino) + ' ' + std::to_string(born ? status.stx_btime.tv_sec : 0) + '.' +
         std::to_string(born ? status.stx_btime.tv_nsec : 0);
}

std::string get(Connection& connection, std::string_view key) {
  Query query(connection, "SELECT value FROM meta WHERE key=CAST(? AS TEXT)", key);
  return query.row() ? query.text(0) : std::string();
}

void put(Connection& connection, std::string_view key, const std::string& value) {
  Query(connection, "INSERT INTO meta(key,value) VALUES(CAST(? AS TEXT),?) ON CONFLICT(key) DO UPDATE SET value=excluded.value",
        key, value)
      .run();
}

// The lock file names the old word and the new one before the database changes, so a crash in between loses neither.
Status commit_word(Connection& connection, OwnerFile& owner, const std::string& path, const std::string& old_word) {
  const std::string word = random_word(16);
  std::vector<std::string> words = {word};
  if (!old_word.empty()) words.push_back(old_word);
  if (auto status = owner.write_words(words); !status.ok()) return status;
  put(connection, "word", word);
  connection.execute("COMMIT");
  if (!connection.failed()) return owner.write_words({word});
  const Error error = describe_failure(connection, path);
  connection.clear_error();
  connection.execute("ROLLBACK");
  return error;
}

}  // namespace

std::string stored_epoch(Connection& connection) { return get(connection, "epoch"); }

Result<std::string> settle_epoch(Connection& connection, OwnerFile& owner, const std::string& path) {
  connection.execute("BEGIN IMMEDIATE");
  std::string epoch = get(connection, "epoch");
  const std::string word = get(connection, "word");
  const std::string file = get(connection, "file");
  if (connection.failed()) return describe_failure(connection, path);

  const std::string file_now = file_identity(path);
  const std::vector<std::string> words = owner.words();
  const bool known_word = words.empty() || std::find(words.begin(), words.end(), word) != words.end();
  const bool fresh = epoch.empty();
  if (fresh || file != file_now || !known_word) {
    epoch = random_word(12);
    put(connection, "epoch", epoch);
    put(connection, "file", file_now);
    if (!fresh) {
      log::warn("the database file is another one than before (copied or restored): the log begins a new epoch",
                {{"epoch", epoch}});
    }
  }
  if (auto status = commit_word(connection, owner, path, word); !status.ok()) return status.error();
  return epoch;
}

Result<std::string> begin_epoch(Connection& connection, OwnerFile& owner, const std::string& path) {
  connection.execute("BEGIN IMMEDIATE");
  const std::string word = get(connection, "word");
  const std::string epoch = random_word(12);
  put(connection, "epoch", epoch);
  put(connection, "file", file_identity(path));
  if (connection.failed()) return describe_failure(connection, path);
  if (auto status = commit_word(connection, owner, path, word); !status.ok()) return status.error();
  return epoch;
}

Status renew_word(Connection& connection, OwnerFile& owner, const std::string& path) {
  connection.execute("BEGIN IMMEDIATE");
  const std::string word = get(connection, "word");
  return commit_word(connection, owner, path, word);
}

}  // namespace parley::sqlite
