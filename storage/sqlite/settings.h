#pragma once

// How the embedded store is opened. Every field has a default that is safe; `path` is the only one that must be given.

#include <cstddef>
#include <string>

namespace parley {

struct SqliteSettings {
  // SQLite's `synchronous`. Only `full` keeps promise 1 (acked means committed) through a power cut.
  enum class Synchronous : unsigned char { off = 0, normal = 1, full = 2 };

  std::string path;  // the database file; `path`.lock, `path`-wal and `path`-shm lie beside it
  Synchronous synchronous = Synchronous::full;
  unsigned busy_timeout_ms = 5000;  // waiting for a lock of another process (a backup, the sqlite3 shell)
  std::string vfs;                  // SQLite VFS; empty: the default one
  unsigned writer_cache_kib = 32768;
  unsigned reader_cache_kib = 8192;  // per reader
  unsigned readers = 2;              // threads with a read-only connection each
  unsigned checkpoint_pages = 4000;  // a longer WAL is checkpointed (pages of 4 KiB)
  unsigned wal_pages_max = 16000;    // a WAL that grew beyond this for want of a pause makes the writer wait for its checkpoint
  unsigned group_calls_max = 256;    // calls that share one commit
  std::size_t rooms_cached = 20000;  // heads kept in the writer's memory (about 100 bytes each)
  std::size_t entry_bytes_max = 16U << 20U;  // content of one entry; above: too_large
  unsigned settle_wait_ms = 100;             // between attempts to learn the outcome of a commit that was cut off
};

}  // namespace parley
