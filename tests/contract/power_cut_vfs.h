#pragma once

// A VFS for SQLite that can lose power and fail. It works on real files through the default VFS and keeps beside each of them
// what a disk would hold after a power cut: the bytes as of the last sync, and the writes since. Nothing is really synced, so it
// is quick.
//
// Threads: any; the knobs are atomic or locked.

#include <sqlite3.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

namespace parley::contract {

// What a disk does with writes that were not synced when the power went.
enum class Unsynced : unsigned char {
  lost,     // none of them arrived
  prefix,   // the first ones did, the last of these in part
  sectors,  // any subset of their 512-byte sectors did
  kept,     // all of them did: what was not acked yet may be there
};

// commit_uncertain: a COMMIT that landed says that it failed. commit_blind: the same, and from then on nothing can be read.
enum class Fault : unsigned char { none, disk_full, write_error, sync_error, read_error, commit_uncertain, commit_blind };

class PowerCutVfs {
 public:
  // Registers itself with SQLite under `name`, which must be unique; unregisters at its end, when all its files are closed.
  explicit PowerCutVfs(std::string name);
  ~PowerCutVfs();
  PowerCutVfs(const PowerCutVfs&) = delete;
  PowerCutVfs& operator=(const PowerCutVfs&) = delete;
  const std::string& name() const { return name_; }

  // The power goes with the `operations`-th write, truncation or sync from now. From then on every operation fails.
  void cut_after(std::int64_t operations) { left_ = operations; }
  bool power_gone() const { return gone_; }
  // Puts what the disk holds into `folder`, under the files' own names.
  void write_images(const std::string& folder, Unsynced unsynced, std::mt19937_64& random) const;

  // The next `times` operations that it concerns fail in this way; -1: all of them until further notice.
  void set_fault(Fault fault, int times = -1);
  void clear_fault() { set_fault(Fault::none); }
  std::int64_t faults_seen() const { return faults_seen_; }

 private:
  struct Image;
  struct File;
  struct Methods;

  static PowerCutVfs& self(sqlite3_vfs* vfs) { return *static_cast<PowerCutVfs*>(vfs->pAppData); }
  static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags);
  static int remove(sqlite3_vfs* vfs, const char* path, int sync_folder);

  // Whether an operation that changes the disk may go on; `last`: the power goes in the midst of it.
  enum class Spend : unsigned char { alive, last, dead };
  Spend spend();
  bool faulty(Fault fault);

  std::string name_;
  sqlite3_vfs* base_;
  sqlite3_vfs vfs_;
  std::atomic<std::int64_t> left_ = -1;  // -1: no cut is planned
  std::atomic<bool> gone_ = false;
  std::atomic<Fault> fault_ = Fault::none;
  std::atomic<int> fault_times_ = 0;
  std::atomic<std::int64_t> faults_seen_ = 0;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Image>> images_;
};

}  // namespace parley::contract
