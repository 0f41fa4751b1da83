#include "broker/server/bus_settings.h"

#include <cstdlib>
#include <fstream>

#include "broker/cluster/redis/redis_bus.h"

namespace parley::server {

namespace {

Status read_password(const Config& config, std::string& password) {
  if (config.redis_password_file.empty()) {
    const char* const from_environment = std::getenv("PARLEY_REDIS_PASSWORD");  // NOLINT(concurrency-mt-unsafe): before threads
    if (from_environment != nullptr) password = from_environment;
    return ok_status();
  }
  std::ifstream file(config.redis_password_file);
  if (!file || !std::getline(file, password))
    return {Code::bad_request, "--redis-password-file: cannot read a password from " + config.redis_password_file};
  if (password.ends_with('\r')) password.pop_back();
  return ok_status();
}

}  // namespace

Result<std::unique_ptr<cluster::Bus>> make_bus(const Config& config, net::Loop& loop, Random& random) {
  if (config.redis.empty()) return std::unique_ptr<cluster::Bus>();
  Result<cluster::RedisUrl> url = cluster::parse_redis_url(config.redis);
  if (!url) return url.error();
  cluster::RedisSettings settings;
  settings.url = std::move(*url);
  settings.prefix = config.redis_prefix;
  if (Status read = read_password(config, settings.url.password); !read) return read.error();
  if (settings.url.tls) {
    Result<std::shared_ptr<const net::TlsContext>> tls = net::TlsContext::client(config.redis_ca_file);
    if (!tls) return tls.error();
    settings.tls = std::move(*tls);
  }
  return std::unique_ptr<cluster::Bus>(std::make_unique<cluster::RedisBus>(loop, std::move(settings), random));
}

}  // namespace parley::server
