#include "loadtest/history.h"

#include <algorithm>

#include "loadtest/http_get.h"
#include "loadtest/json_tree.h"

namespace parley::loadtest {

namespace {

Result<std::uint64_t> check_room(HttpGet& http, Ledger& ledger, Ledger::RoomId room) {
  const std::string base = "/api/v1/rooms/" + percent_encode(ledger.room_name(room)) + "/messages?limit=200&after=";
  std::uint64_t after = 0;
  std::uint64_t count = 0;
  for (;;) {
    Result<HttpGet::Answer> answer = http.get(base + std::to_string(after));
    if (!answer) return answer.error();
    if (answer->status == 404 && count == 0) break;  // nobody came
    const Result<JsonTree> page = JsonTree::parse(answer->body);
    if (answer->status != 200 || !page) {
      return Error{Code::unavailable, "status " + std::to_string(answer->status) + " for " + ledger.room_name(room)};
    }
    for (const JsonTree& entry : (*page)["entries"].items()) {
      after = static_cast<std::uint64_t>(entry["seq"].number());
      if (entry["type"].string() != "message") continue;
      ledger.history(room, after, entry["body"]["text"].string());
      ++count;
    }
    if (!(*page)["more"].truth() || (*page)["entries"].items().empty()) break;
  }
  ledger.history_end(room);
  return count;
}

}  // namespace

Result<std::uint64_t> check_history(const Options& options, Ledger& ledger) {
  const Url& broker = options.urls.front();
  if (options.history_url.empty() && broker.protocol != Protocol::native) return std::uint64_t{0};
  net::Address address = broker.address;
  bool secure = broker.tls;
  if (!options.history_url.empty()) {
    std::string_view text = options.history_url;
    secure = text.starts_with("https://");
    if (!secure && !text.starts_with("http://"))
      return Error{Code::bad_request, "--history is a URL like http://HOST:PORT or https://HOST:PORT"};
    text.remove_prefix(text.find("://") + 3);
    Result<net::Address> named = net::Address::parse(text.substr(0, text.find('/')));
    if (!named) return named.error();
    address = *named;
  }
  std::uint64_t count = 0;
  std::shared_ptr<const net::TlsContext> tls;
  if (secure) {
    Result<std::shared_ptr<const net::TlsContext>> made = net::TlsContext::client(options.ca_file);
    if (!made) return made.error();
    tls = *made;
  }
  HttpGet http(address, options.client.token, tls);
  for (Ledger::RoomId room = 0; room < ledger.rooms(); ++room) {
    Result<std::uint64_t> entries = check_room(http, ledger, room);
    if (!entries) return entries.error();
    count += *entries;
  }
  return count;
}

}  // namespace parley::loadtest
