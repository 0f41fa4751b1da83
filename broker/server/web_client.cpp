#include "broker/server/web_client.h"

#include <filesystem>

#include "broker/base/log.h"

namespace parley::server {

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> usual_places() {
  std::error_code failed;
  const fs::path program = fs::read_symlink("/proc/self/exe", failed);
  std::vector<fs::path> places;
  if (!failed) {
    const fs::path folder = program.parent_path();
    places = {folder / "web", folder / "../share/parley/web", folder / "../../webclient/dist"};
  }
  places.emplace_back("/usr/share/parley/web");
  return places;
}

std::string find_folder() {
  for (const fs::path& place : usual_places()) {
    std::error_code failed;
    if (fs::is_regular_file(place / "index.html", failed)) return place.lexically_normal().string();
  }
  return {};
}

}  // namespace

Result<std::optional<http::StaticFiles>> load_web_client(const Config& config) {
  const std::string folder = config.web_root.empty() ? find_folder() : config.web_root;
  if (folder.empty()) {
    log::info("no web client found: only the API is served; build it, or name its folder with --web-root");
    return std::optional<http::StaticFiles>();
  }
  Result<http::StaticFiles::Files> files = http::read_folder(folder);
  if (!files) {
    Error error = files.error();
    error.message = "cannot serve the web client from " + folder + ": " + error.message + "; see --web-root";
    return error;
  }
  log::info("web client", {{"folder", folder}, {"files", files->size()}});
  return std::optional<http::StaticFiles>(std::in_place, std::move(*files));
}

}  // namespace parley::server
