#include "tests/contract/power_cut_vfs.h"

#include <cstring>
#include <filesystem>
#include <fstream>

namespace parley::contract {

namespace {
constexpr std::size_t sector = 512;

struct Operation {
  bool truncate = false;
  std::size_t offset = 0;  // or the new size
  std::string bytes;
};

void patch(std::string& content, std::size_t offset, std::string_view bytes) {
  if (content.size() < offset + bytes.size()) content.resize(offset + bytes.size());
  std::memcpy(content.data() + offset, bytes.data(), bytes.size());
}

void patch(std::string& content, const Operation& operation) {
  if (operation.truncate) {
    content.resize(operation.offset);
  } else {
    patch(content, operation.offset, operation.bytes);
  }
}

// The operation's pieces that lie in sectors of their own, each of which may arrive or not.
void apply_some_sectors(std::string& content, const Operation& operation, std::mt19937_64& random) {
  if (operation.truncate) {
    if (random() % 2 == 0) content.resize(operation.offset);
    return;
  }
  std::size_t at = 0;
  while (at < operation.bytes.size()) {
    const std::size_t size = std::min(sector - (operation.offset + at) % sector, operation.bytes.size() - at);
    if (random() % 2 == 0) patch(content, operation.offset + at, std::string_view(operation.bytes).substr(at, size));
    at += size;
  }
}
}  // namespace

struct PowerCutVfs::Image {
  std::string durable;
  std::vector<Operation> unsynced;
};

// What SQLite hands us back with every call; the default VFS's own file follows it in memory.
struct PowerCutVfs::File {
  sqlite3_file base;
  PowerCutVfs* vfs;
  Image* image;  // nullptr: a temporary file, whose fate does not matter
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

struct PowerCutVfs::Methods {
  static File* file(sqlite3_file* any) { return reinterpret_cast<File*>(any); }
  static sqlite3_file* real(sqlite3_file* any) { return file(any)->real(); }

  static int close(sqlite3_file* any) { return real(any)->pMethods->xClose(real(any)); }
  static int read(sqlite3_file* any, void* to, int size, sqlite3_int64 offset) {
    PowerCutVfs& vfs = *file(any)->vfs;
    if (vfs.gone_ || vfs.faulty(Fault::read_error)) return SQLITE_IOERR_READ;
    return real(any)->pMethods->xRead(real(any), to, size, offset);
  }
  static int write(sqlite3_file* any, const void* from, int size, sqlite3_int64 offset) {
    PowerCutVfs& vfs = *file(any)->vfs;
    if (vfs.faulty(Fault::disk_full)) return SQLITE_FULL;
    if (vfs.faulty(Fault::write_error)) return SQLITE_IOERR_WRITE;
    const Spend spend = vfs.spend();
    if (Image* image = file(any)->image; image != nullptr && spend != Spend::dead) {
      const std::lock_guard lock(vfs.mutex_);
      image->unsynced.push_back(
          {false, static_cast<std::size_t>(offset), std::string(static_cast<const char*>(from), static_cast<std::size_t>(size))});
    }
    if (spend != Spend::alive) return SQLITE_IOERR_WRITE;
    return real(any)->pMethods->xWrite(real(any), from, size, offset);
  }
  static int truncate(sqlite3_file* any, sqlite3_int64 size) {
    PowerCutVfs& vfs = *file(any)->vfs;
    if (vfs.faulty(Fault::write_error) || vfs.spend() != Spend::alive) return SQLITE_IOERR_TRUNCATE;
    if (Image* image = file(any)->image) {
      const std::lock_guard lock(vfs.mutex_);
      image->unsynced.push_back({true, static_cast<std::size_t>(size), {}});
    }
    return real(any)->pMethods->xTruncate(real(any), size);
  }
  static int sync(sqlite3_file* any, int /*flags*/) {
    PowerCutVfs& vfs = *file(any)->vfs;
    if (vfs.faulty(Fault::sync_error) || vfs.spend() != Spend::alive) return SQLITE_IOERR_FSYNC;
    if (Image* image = file(any)->image) {
      const std::lock_guard lock(vfs.mutex_);
      for (const Operation& operation : image->unsynced) patch(image->durable, operation);
      image->unsynced.clear();
    }
    return SQLITE_OK;
  }
  static int control(sqlite3_file* any, int operation, void* argument) {
    // SQLite asks this after the transaction has been committed; what fails here landed all the same.
    PowerCutVfs& vfs = *file(any)->vfs;
    if (operation == SQLITE_FCNTL_COMMIT_PHASETWO && vfs.faulty(Fault::commit_uncertain)) return SQLITE_IOERR;
    if (operation == SQLITE_FCNTL_COMMIT_PHASETWO && vfs.faulty(Fault::commit_blind)) {
      vfs.set_fault(Fault::read_error);
      return SQLITE_IOERR;
    }
    return real(any)->pMethods->xFileControl(real(any), operation, argument);
  }

  static int size(sqlite3_file* any, sqlite3_int64* out) { return real(any)->pMethods->xFileSize(real(any), out); }
  static int lock(sqlite3_file* any, int level) { return real(any)->pMethods->xLock(real(any), level); }
  static int unlock(sqlite3_file* any, int level) { return real(any)->pMethods->xUnlock(real(any), level); }
  static int reserved(sqlite3_file* any, int* out) { return real(any)->pMethods->xCheckReservedLock(real(any), out); }
  static int sector_size(sqlite3_file* any) { return real(any)->pMethods->xSectorSize(real(any)); }
  static int traits(sqlite3_file* any) { return real(any)->pMethods->xDeviceCharacteristics(real(any)); }
  static int shm_map(sqlite3_file* any, int page, int bytes, int extend, void volatile** out) {
    return real(any)->pMethods->xShmMap(real(any), page, bytes, extend, out);
  }
  static int shm_lock(sqlite3_file* any, int offset, int count, int flags) {
    return real(any)->pMethods->xShmLock(real(any), offset, count, flags);
  }
  static void shm_barrier(sqlite3_file* any) { real(any)->pMethods->xShmBarrier(real(any)); }
  static int shm_unmap(sqlite3_file* any, int remove) { return real(any)->pMethods->xShmUnmap(real(any), remove); }

  static constexpr sqlite3_io_methods table = {2,        close,       read,      write,   truncate,    sync,   size,
                                               lock,     unlock,      reserved,  control, sector_size, traits, shm_map,
                                               shm_lock, shm_barrier, shm_unmap, nullptr, nullptr};
};

PowerCutVfs::PowerCutVfs(std::string name) : name_(std::move(name)), base_(sqlite3_vfs_find(nullptr)), vfs_(*base_) {
  vfs_.szOsFile = static_cast<int>(sizeof(File)) + base_->szOsFile;
  vfs_.pNext = nullptr;
  vfs_.zName = name_.c_str();
  vfs_.pAppData = this;
  vfs_.xOpen = open;
  vfs_.xDelete = remove;
  // The rest asks nothing of the structure that it is called with but what was copied from the default one.
  vfs_.xAccess = [](sqlite3_vfs* vfs, const char* path, int flags, int* out) {
    return self(vfs).base_->xAccess(self(vfs).base_, path, flags, out);
  };
  vfs_.xFullPathname = [](sqlite3_vfs* vfs, const char* path, int size, char* out) {
    return self(vfs).base_->xFullPathname(self(vfs).base_, path, size, out);
  };
  sqlite3_vfs_register(&vfs_, 0);
}

PowerCutVfs::~PowerCutVfs() { sqlite3_vfs_unregister(&vfs_); }

int PowerCutVfs::open(sqlite3_vfs* vfs, const char* path, sqlite3_file* any, int flags, int* out_flags) {
  PowerCutVfs& me = self(vfs);
  any->pMethods = nullptr;
  if (me.gone_) return SQLITE_CANTOPEN;
  File* file = Methods::file(any);
  const int code = me.base_->xOpen(me.base_, path, file->real(), flags, out_flags);
  if (code != SQLITE_OK) return code;
  file->vfs = &me;
  file->image = nullptr;
  if (path != nullptr && (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) != 0) {
    const std::lock_guard lock(me.mutex_);
    auto& image = me.images_[path];
    if (image == nullptr) image = std::make_shared<Image>();
    file->image = image.get();
  }
  any->pMethods = &Methods::table;
  return SQLITE_OK;
}

int PowerCutVfs::remove(sqlite3_vfs* vfs, const char* path, int sync_folder) {
  PowerCutVfs& me = self(vfs);
  if (me.spend() != Spend::alive) return SQLITE_IOERR_DELETE;
  {
    // A removal counts as durable at once: SQLite removes a WAL or a journal only when nothing depends on it any more.
    const std::lock_guard lock(me.mutex_);
    me.images_.erase(path);
  }
  return me.base_->xDelete(me.base_, path, sync_folder);
}

PowerCutVfs::Spend PowerCutVfs::spend() {
  if (gone_) return Spend::dead;
  if (left_ < 0) return Spend::alive;
  const std::int64_t before = left_.fetch_sub(1);
  if (before > 1) return Spend::alive;
  gone_ = true;
  left_ = 0;
  return before == 1 ? Spend::last : Spend::dead;
}

bool PowerCutVfs::faulty(Fault fault) {
  if (fault_ != fault) return false;
  if (const int times = fault_times_; times >= 0) {
    if (fault_times_.fetch_sub(1) <= 1) fault_ = Fault::none;
    if (times == 0) return false;
  }
  ++faults_seen_;
  return true;
}

void PowerCutVfs::set_fault(Fault fault, int times) {
  fault_times_ = times;
  fault_ = fault;
}

void PowerCutVfs::write_images(const std::string& folder, Unsynced unsynced, std::mt19937_64& random) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [path, image] : images_) {
    std::string content = image->durable;
    if (unsynced == Unsynced::prefix && !image->unsynced.empty()) {
      const std::size_t whole = random() % (image->unsynced.size() + 1);
      for (std::size_t i = 0; i < whole; ++i) patch(content, image->unsynced[i]);
      if (whole < image->unsynced.size() && !image->unsynced[whole].truncate) {
        const Operation& last = image->unsynced[whole];
        patch(content, last.offset, std::string_view(last.bytes).substr(0, random() % (last.bytes.size() + 1)));
      }
    }
    if (unsynced == Unsynced::kept) {
      for (const Operation& operation : image->unsynced) patch(content, operation);
    }
    if (unsynced == Unsynced::sectors) {
      for (const Operation& operation : image->unsynced) apply_some_sectors(content, operation, random);
    }
    std::ofstream out(folder + "/" + std::filesystem::path(path).filename().string(), std::ios::binary);
    out.write(content.data(), static_cast<std::streamsize>(content.size()));
  }
}

}  // namespace parley::contract
