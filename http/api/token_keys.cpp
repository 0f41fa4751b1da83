#include "http/api/token_keys.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "http/api/bytes.h"

namespace parley::api {

namespace {

constexpr std::size_t file_bytes_max = 64U << 10U;
constexpr std::size_t key_id_bytes_max = 64;

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

Error system_error(const std::string& path, const char* what) {
  return {Code::unavailable, "cannot " + std::string(what) + " " + path + ": " + std::strerror(errno)};
}

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

Result<TokenKey> parse_line(std::string_view line, std::size_t number) {
  const std::string where = "line " + std::to_string(number) + ": ";
  const std::size_t space = line.find_first_of(" \t");
  if (space > key_id_bytes_max) {  // also when there is none
    return {Code::bad_request, where + "expected a key id of at most 64 bytes, a space and the key in base64url"};
  }
  std::optional<std::string> secret = base64url_decode(trim(line.substr(space)));
  if (!secret) return {Code::bad_request, where + "the key is not base64url without padding"};
  if (secret->size() < token_key_bytes_min) {
    return {Code::bad_request,
            where + "the key has " + std::to_string(secret->size()) +
                " bytes, at least 32 are needed; remove the line, or the file to have a new one made (this ends every login)"};
  }
  return TokenKey{std::string(line.substr(0, space)), std::move(*secret)};
}

// A key that others can read lets them sign tokens. A file of root's that the group reads is how secrets are mounted, so it
// passes.
Status check_mode(const std::string& path, const struct stat& info) {
  const bool of_root = info.st_uid == 0 && ::geteuid() != 0;
  const mode_t refused = of_root ? mode_t{S_IRWXO | S_IWGRP} : mode_t{S_IRWXO | S_IRWXG};
  if ((info.st_mode & refused) == 0) return ok_status();
  char mode[8];
  std::snprintf(mode, sizeof mode, "%04o", info.st_mode & 07777U);
  return {Code::forbidden, path + " can be read by others (mode " + mode + "): run chmod 600 " + path};
}

Result<std::string> read_file(const std::string& path, int fd) {
  std::string text(file_bytes_max + 1, '\0');
  std::size_t length = 0;
  while (length < text.size()) {
    const ssize_t got = ::read(fd, text.data() + length, text.size() - length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error(path, "read");
    if (got == 0) break;
    length += static_cast<std::size_t>(got);
  }
  if (length > file_bytes_max) return {Code::bad_request, path + " is too large for a file of keys"};
  text.resize(length);
  return text;
}

Status write_all(const std::string& path, int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t put = ::write(fd, text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return system_error(path, "write");
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  if (::fsync(fd) != 0) return system_error(path, "write");
  return ok_status();
}

// Written aside and then linked into place: link fails when another process was first, and a crash leaves no half key.
Status create(const std::string& path, Random& random) {
  const std::string aside = path + "." + random.id(8) + ".new";
  const std::string text =
      "# Signs Parley's access tokens: keep it secret. The first key signs, every key verifies. To rotate, put a new line on "
      "top\n"
      "# (an id, a space, 32 random bytes in base64url) and take the old one out an access token's lifetime later.\n" +
      random.id(8) + " " + base64url(random_bytes(random, token_key_bytes_min)) + "\n";
  {
    const Fd file(::open(aside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (file.get() < 0) return system_error(path, "create");
    Status written = write_all(path, file.get(), text);
    if (!written) {
      ::unlink(aside.c_str());
      return written;
    }
  }
  const bool linked = ::link(aside.c_str(), path.c_str()) == 0 || errno == EEXIST;
  const Error failure = linked ? Error{} : system_error(path, "create");
  ::unlink(aside.c_str());
  if (!linked) return failure;
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const Fd directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0 || ::fsync(directory.get()) != 0) return system_error(folder, "write");
  return ok_status();
}

}  // namespace

Result<std::vector<TokenKey>> parse_token_keys(std::string_view text) {
  std::vector<TokenKey> keys;
  std::size_t number = 0;
  while (!text.empty()) {
    const std::size_t newline = text.find('\n');
    const std::string_view line = trim(text.substr(0, newline));
    text.remove_prefix(newline == std::string_view::npos ? text.size() : newline + 1);
    ++number;
    if (line.empty() || line.front() == '#') continue;
    Result<TokenKey> key = parse_line(line, number);
    if (!key) return key.error();
    for (const TokenKey& other : keys) {
      if (other.id == key->id) return {Code::bad_request, "line " + std::to_string(number) + ": key id used twice: " + key->id};
    }
    keys.push_back(std::move(key).value());
  }
  if (keys.empty()) return {Code::bad_request, "no key in it; remove the file to have one made (this ends every login)"};
  return keys;
}

bool is_example(const TokenKey& key) { return key.secret.rfind("example", 0) == 0; }

Result<std::vector<TokenKey>> load_or_create_token_keys(const std::string& path, Random& random) {
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) {
    Status created = create(path, random);
    if (!created) return created.error();
    fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  }
  const Fd file(fd);
  if (fd < 0) return system_error(path, "read");
  struct stat info {};
  if (::fstat(fd, &info) != 0) return system_error(path, "read");
  Status mode = check_mode(path, info);
  if (!mode) return mode.error();
  Result<std::string> text = read_file(path, fd);
  if (!text) return text.error();
  Result<std::vector<TokenKey>> keys = parse_token_keys(*text);
  if (!keys) return {keys.error().code, path + ": " + keys.error().message};
  return keys;
}

}  // namespace parley::api
