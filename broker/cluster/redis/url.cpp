#include "broker/cluster/redis/url.h"

#include <charconv>
#include <optional>

namespace parley::cluster {

namespace {

Error refuse(const std::string& what) {
  return {Code::bad_request, "a Redis URL is redis://[USER[:PASSWORD]@]HOST[:PORT][/DATABASE] or rediss://…: " + what};
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    unsigned value = 0;
    if (i + 2 >= text.size()) return std::nullopt;
    const char* const begin = text.data() + i + 1;
    const auto [end, failed] = std::from_chars(begin, begin + 2, value, 16);
    if (failed != std::errc() || end != begin + 2) return std::nullopt;
    out.push_back(static_cast<char>(value));
    i += 2;
  }
  return out;
}

Status parse_credentials(std::string_view text, RedisUrl& url) {
  const std::size_t colon = text.find(':');
  // As redis-cli has it: what stands alone before the @ is the user, and the password comes from elsewhere.
  const auto user = percent_decode(text.substr(0, colon));
  const auto password = colon == std::string_view::npos ? std::string() : percent_decode(text.substr(colon + 1));
  if (!user || !password) return refuse("a % in user and password begins two hexadecimal digits");
  url.user = *user;
  url.password = *password;
  return ok_status();
}

}  // namespace

Result<RedisUrl> parse_redis_url(std::string_view text) {
  RedisUrl url;
  if (text.starts_with("rediss://")) {
    url.tls = true;
    text.remove_prefix(9);
  } else if (text.starts_with("redis://")) {
    text.remove_prefix(8);
  } else {
    return refuse("it begins with something else");
  }
  if (text.find_first_of("?#") != std::string_view::npos) return refuse("no ? or # may stand in it");
  if (const std::size_t at = text.rfind('@'); at != std::string_view::npos) {
    if (Status status = parse_credentials(text.substr(0, at), url); !status) return status.error();
    text.remove_prefix(at + 1);
  }
  if (const std::size_t slash = text.find('/'); slash != std::string_view::npos) {
    const std::string_view database = text.substr(slash + 1);
    text = text.substr(0, slash);
    const char* const end = database.data() + database.size();
    if (!database.empty()) {
      const auto [behind, failed] = std::from_chars(database.data(), end, url.database);
      if (failed != std::errc() || behind != end) return refuse("the database is a number");
    }
  }
  if (text.empty() || text.front() == ':') return refuse("the host is missing");
  // An address in brackets without a port ends with the bracket; a name without one has no colon.
  const bool has_port = text.back() != ']' && text.rfind(':') != std::string_view::npos;
  Result<net::Address> address = net::Address::parse(has_port ? std::string(text) : std::string(text) + ":6379");
  if (!address) return refuse(address.error().message);
  if (address->port == 0) return refuse("the port is missing");
  url.address = std::move(*address);
  return url;
}

}  // namespace parley::cluster
