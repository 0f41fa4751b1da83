#include "broker/server/readiness.h"

#include "broker/protocol/json.h"

namespace parley::server {

std::string Readiness::json() const {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().member("ready", ready()).member("storage", storage.load() ? "ok" : "unavailable");
  writer.member("durability", replicated.load() ? "replicated" : "local");
  const Redis bus = redis.load();
  writer.member("redis", bus == Redis::off ? "off" : bus == Redis::ok ? "ok" : "away");
  writer.member("degraded", degraded());
  if (shared.load()) writer.member("in_doubt", in_doubt.load());
  if (shared.load()) writer.member("lag_ms", heads_age_ms.load()).member("lagging_rooms", lagging_rooms.load());
  writer.member("draining", draining.load()).end_object();
  out.push_back('\n');
  return out;
}

}  // namespace parley::server
