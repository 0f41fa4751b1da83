#pragma once

// The file `DATABASE.lock`: one process at a time owns a database, and the file remembers the database's last word, so that a
// backup that was copied over it is noticed.

#include <memory>
#include <string>
#include <vector>

#include "broker/base/result.h"

namespace parley::sqlite {

class OwnerFile {
 public:
  // Takes an exclusive lock that the kernel lifts when the process ends, however it ends. conflict: another process has it.
  static Result<std::unique_ptr<OwnerFile>> lock(const std::string& database_path);
  ~OwnerFile();
  OwnerFile(const OwnerFile&) = delete;
  OwnerFile& operator=(const OwnerFile&) = delete;

  // The words written last; none in a fresh file.
  std::vector<std::string> words() const;
  // Replaces them, durably.
  Status write_words(const std::vector<std::string>& words);

 private:
  OwnerFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  int fd_;
  std::string path_;
};

}  // namespace parley::sqlite
