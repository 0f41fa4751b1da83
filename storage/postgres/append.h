#pragma once

// A batch as one call of the function `append` (storage/sql/postgres/006_mqtt_append.sql).

#include <memory>
#include <vector>

#include "storage/postgres/call.h"

namespace parley::postgres {

// Names the entries of one process that have no cid. One per store.
class EntryKeys {
 public:
  EntryKeys();
  // 16 bytes, never the same again: at random by process, then counted, so that they lie side by side in the index.
  std::string next();
  std::int64_t next_call() { return ++calls_; }

 private:
  std::string prefix_;
  std::uint64_t count_ = 0;
  std::int64_t calls_ = 0;
};

struct AppendContext {
  std::string replica;  // 16 bytes
  std::size_t entry_bytes_max = 0;
};

// Answers for itself what needs no database (too_large, bad_request). nullptr when that is all of the batch: then `results` are
// the answer.
std::unique_ptr<Call> make_append(const AppendContext& context, EntryKeys& keys, std::vector<NewEntry> batch, UnixMs now,
                                  Reply<std::vector<Result<Appended>>>& done, std::vector<Result<Appended>>& results);

}  // namespace parley::postgres
