#include "broker/server/tls_files.h"

#include <utility>

namespace parley::server {

Status TlsFiles::load(const std::string& certificate_file, const std::string& key_file) {
  auto made = net::TlsContext::server(certificate_file, key_file);
  if (!made) return made.error();
  const std::scoped_lock lock(mutex_);
  context_ = std::move(*made);
  return ok_status();
}

std::shared_ptr<const net::TlsContext> TlsFiles::current() const {
  const std::scoped_lock lock(mutex_);
  return context_;
}

Status load_tls(const Config& config, TlsFiles& files) {
  if (config.tls_cert.empty()) return ok_status();
  const Status loaded = files.load(config.tls_cert, config.tls_key);
  if (loaded) return loaded;
  return {loaded.error().code, "--tls-cert, --tls-key: " + loaded.error().message};
}

bool http_over_tls(const Config& config) { return !config.tls_cert.empty() && !config.plain_http; }

std::string mqtt_in_clear(const Config& config) { return config.tls_only ? "off" : config.mqtt_listen; }

}  // namespace parley::server
