#include "storage/sqlite/owner_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <sstream>
#include <system_error>

namespace parley::sqlite {

namespace {
std::string reason() { return std::generic_category().message(errno); }
}  // namespace

Result<std::unique_ptr<OwnerFile>> OwnerFile::lock(const std::string& database_path) {
  const std::string path = database_path + ".lock";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return {Code::unavailable, "cannot write " + path + " (" + reason() + "): make the folder, or check its rights"};
  std::unique_ptr<OwnerFile> file(new OwnerFile(fd, path));
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return {Code::unavailable, "cannot lock " + path + " (" + reason() + ")"};
    return {Code::conflict, "another process has the database " + database_path + " open: stop it, or name another file"};
  }
  return file;
}

OwnerFile::~OwnerFile() { ::close(fd_); }

std::vector<std::string> OwnerFile::words() const {
  std::array<char, 512> buffer{};
  const ssize_t size = ::pread(fd_, buffer.data(), buffer.size(), 0);
  std::istringstream text(std::string(buffer.data(), size > 0 ? static_cast<std::size_t>(size) : 0));
  std::vector<std::string> words;
  for (std::string word; text >> word;) words.push_back(word);
  return words;
}

Status OwnerFile::write_words(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += word + '\n';
  const bool written = ::pwrite(fd_, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()) &&
                       ::ftruncate(fd_, static_cast<off_t>(text.size())) == 0 && ::fsync(fd_) == 0;
  if (!written) return {Code::unavailable, "cannot write " + path_ + " (" + reason() + ")"};
  return ok_status();
}

}  // namespace parley::sqlite
