#pragma once

// The web client out of memory. The files are read once, before the loops run; a request is a look-up in a map, so that no path
// leads anywhere else. Immutable afterwards: all threads may serve from one.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/base/result.h"
#include "http/message.h"

namespace parley::http {

struct StaticSettings {
  std::size_t files_max = 4'096;
  std::size_t bytes_max = 67'108'864;  // of all files together
  // Paths below these are never answered with the single page's index.
  std::vector<std::string> not_pages = {"/api", "/ws", "/mqtt", "/metrics", "/healthz", "/readyz", "/assets"};
};

class StaticFiles {
 public:
  // Names as in the folder, relative, with '/': "index.html", "assets/app-1f3a.js", "assets/app-1f3a.js.br".
  using Files = std::map<std::string, std::string>;
  explicit StaticFiles(Files files, StaticSettings settings = {});

  // GET and HEAD (405 for others), with If-None-Match, If-Match and Accept-Encoding (406 when nothing acceptable is there). "/"
  // and, for paths without a file extension asked for by a browser that wants a page, every unknown path is index.html; others
  // 404. Ranges are not served.
  Response respond(const Request& request) const;

 private:
  struct Variant {
    std::shared_ptr<const std::string> body;  // null: there is none
    std::string etag;                         // strong, of these bytes
  };
  struct File {
    std::string_view content_type;
    std::string_view cache_control;
    Variant identity;
    Variant brotli;
    Variant gzip;
  };
  const File* find(const Request& request) const;
  bool may_be_page(std::string_view path) const;

  std::map<std::string, File, std::less<>> files_;  // by path, beginning with '/'
  StaticSettings settings_;
};

// Reads a folder and those below it. Symbolic links and hidden files (but ".well-known") are left out. Blocks: call it before the
// loops run. not_found: no such folder; too_large: beyond the settings; unavailable: a file cannot be read.
Result<StaticFiles::Files> read_folder(const std::string& folder, const StaticSettings& settings = {});

}  // namespace parley::http
