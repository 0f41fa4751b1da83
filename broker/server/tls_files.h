#pragma once

// The server's certificate and key, read again while it runs. What is open goes on with the certificate that it began with.
//
// Threads: load() is the main thread's; current() may be called on any.

#include <memory>
#include <mutex>
#include <string>

#include "broker/net/tls_session.h"
#include "broker/server/config.h"

namespace parley::server {

class TlsFiles {
 public:
  // bad_request with what to do about it; what was loaded before stays.
  Status load(const std::string& certificate_file, const std::string& key_file);
  bool loaded() const { return current() != nullptr; }
  // Null before load().
  std::shared_ptr<const net::TlsContext> current() const;

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const net::TlsContext> context_;
};

// Reads the files that the configuration names, if it names any.
Status load_tls(const Config& config, TlsFiles& files);
bool http_over_tls(const Config& config);
// The address of MQTT in clear, or "off".
std::string mqtt_in_clear(const Config& config);

}  // namespace parley::server
