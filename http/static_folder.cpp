#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "http/static_files.h"

namespace parley::http {

namespace {
bool is_hidden(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  return name.starts_with('.') && name != ".well-known";
}

bool read_file(const std::filesystem::path& path, std::string& bytes) {
  std::ifstream in(path, std::ios::binary);
  bytes.assign(std::istreambuf_iterator<char>(in), {});
  return in.good() || in.eof();
}
}  // namespace

Result<StaticFiles::Files> read_folder(const std::string& folder, const StaticSettings& settings) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::recursive_directory_iterator at(folder, error);
  if (error) return {Code::not_found, "cannot read the folder " + folder + ": " + error.message()};
  StaticFiles::Files files;
  std::size_t total = 0;
  for (const fs::recursive_directory_iterator end; at != end; at.increment(error)) {
    const fs::path& path = at->path();
    if (is_hidden(path) || at->is_symlink(error)) {
      at.disable_recursion_pending();
      continue;
    }
    if (!at->is_regular_file(error)) continue;
    const std::uintmax_t size = at->file_size(error);
    total += error ? 0 : size;
    if (files.size() >= settings.files_max || total > settings.bytes_max) {
      return {Code::too_large, "the folder " + folder + " holds more than is to be kept in memory"};
    }
    std::string& bytes = files[path.lexically_relative(folder).generic_string()];
    if (!read_file(path, bytes)) return {Code::unavailable, "cannot read " + path.string()};
  }
  // A failed increment ends the loop.
  if (error) return {Code::unavailable, "cannot read the folder " + folder + ": " + error.message()};
  return files;
}

}  // namespace parley::http
