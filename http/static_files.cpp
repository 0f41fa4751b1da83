#include "http/static_files.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "http/negotiation.h"
#include "http/text.h"

namespace parley::http {

namespace {

struct Type {
  std::string_view extension;
  std::string_view content_type;
};
constexpr Type types[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".json", "application/json"},
    {".map", "application/json"},
    {".webmanifest", "application/manifest+json"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".jpg", "image/jpeg"},
    {".jpeg", "image/jpeg"},
    {".gif", "image/gif"},
    {".webp", "image/webp"},
    {".avif", "image/avif"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
    {".woff", "font/woff"},
    {".ttf", "font/ttf"},
    {".wasm", "application/wasm"},
    {".txt", "text/plain; charset=utf-8"},
    {".xml", "application/xml"},
    {".mp3", "audio/mpeg"},
    {".ogg", "audio/ogg"},
    {".wav", "audio/wav"},
    {".mp4", "video/mp4"},
    {".webm", "video/webm"},
    {".pdf", "application/pdf"},
};

std::string_view content_type_of(std::string_view name) {
  const auto* const found =
      std::find_if(std::begin(types), std::end(types), [&](const Type& type) { return lower(name).ends_with(type.extension); });
  return found == std::end(types) ? "application/octet-stream" : found->content_type;
}

std::string make_etag(const std::string& bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr);
  return '"' + hex({reinterpret_cast<const char*>(digest.data()), 16}) + '"';
}

Response with_validators(int status, std::string_view etag, std::string_view cache_control) {
  Response response = Response::empty(status);
  response.headers.emplace_back("ETag", etag);
  response.headers.emplace_back("Cache-Control", cache_control);
  response.headers.emplace_back("Vary", "Accept-Encoding");
  return response;
}

// "app.js.br" beside "app.js" is that file in another coding.
bool is_variant(const StaticFiles::Files& files, const std::string& name, std::string_view suffix) {
  return name.ends_with(suffix) && files.contains(name.substr(0, name.size() - suffix.size()));
}

Response no_such_file() { return Response::problem(Error{Code::not_found, "nothing is served at this path"}); }

}  // namespace

StaticFiles::StaticFiles(Files files, StaticSettings settings) : settings_(std::move(settings)) {
  for (auto& entry : files) {
    const std::string& name = entry.first;
    std::string path = '/' + name;
    const bool brotli = is_variant(files, name, ".br");
    const bool gzip = is_variant(files, name, ".gz");
    if (brotli || gzip) path.resize(path.size() - 3);
    File& file = files_[path];
    Variant& variant = brotli ? file.brotli : gzip ? file.gzip : file.identity;
    variant.etag = make_etag(entry.second);
    variant.body = std::make_shared<const std::string>(std::move(entry.second));
    file.content_type = content_type_of(path);
    file.cache_control = path.starts_with("/assets/") ? "public, max-age=31536000, immutable" : "no-cache";
  }
}

bool StaticFiles::may_be_page(std::string_view path) const {
  if (path.substr(path.rfind('/') + 1).find('.') != std::string_view::npos) return false;
  return std::none_of(settings_.not_pages.begin(), settings_.not_pages.end(), [&](const std::string& prefix) {
    return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
  });
}

const StaticFiles::File* StaticFiles::find(const Request& request) const {
  const Result<std::string> path = percent_decode(request.path);
  if (!path.ok()) return nullptr;
  auto found = files_.find(*path);
  if (found == files_.end() && *path == "/") found = files_.find("/index.html");
  if (found == files_.end() && may_be_page(*path) && accepts_html(request.header_list("accept")))
    found = files_.find("/index.html");
  return found == files_.end() ? nullptr : &found->second;
}

Response StaticFiles::respond(const Request& request) const {
  const File* file = find(request);
  if (file == nullptr) return no_such_file();
  if (request.method != Method::get && request.method != Method::head) {
    const bool options = request.method == Method::options;
    Response response = options ? Response::empty(204) : Response::problem(405, "files are only read");
    response.headers.emplace_back("Allow", "GET, HEAD, OPTIONS");
    return response;
  }
  const std::string accept = request.header_list("accept-encoding");
  const Variant* best = nullptr;
  std::string_view coding;
  int best_weight = 0;
  const auto consider = [&](const Variant& variant, std::string_view name) {
    const int weight = variant.body ? encoding_weight(accept, name) : 0;
    if (weight <= best_weight) return;
    best = &variant;
    coding = name;
    best_weight = weight;
  };
  consider(file->brotli, "br");
  consider(file->gzip, "gzip");
  consider(file->identity, "identity");
  if (best == nullptr) return Response::problem(406, "the file is not available in an acceptable content coding");
  if (request.header_count("if-match") > 0 && !etag_matches(request.header_list("if-match"), best->etag, false)) {
    return Response::problem(412, "the file is another one now");
  }
  if (etag_matches(request.header_list("if-none-match"), best->etag, true))
    return with_validators(304, best->etag, file->cache_control);
  Response response = with_validators(200, best->etag, file->cache_control);
  response.headers.emplace_back("Content-Type", file->content_type);
  response.headers.emplace_back("Accept-Ranges", "none");
  if (coding != "identity") response.headers.emplace_back("Content-Encoding", coding);
  response.shared_body = best->body;
  return response;
}

}  // namespace parley::http
