#include "http/upgrade.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "http/authority.h"
#include "http/text.h"

namespace parley::http {

namespace {

// 16 bytes in base64: 22 characters and "==". The bits behind the last byte may be anything: they are not in RFC 6455's own
// example (§4.1), and a decoder may ignore them (RFC 4648 §3.5).
bool is_key(std::string_view key) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (key.size() != 24 || key.substr(22) != "==") return false;
  const std::string_view digits = key.substr(0, 22);
  return digits.find_first_not_of(alphabet) == std::string_view::npos;
}

UpgradeAnswer refuse(int status, std::string_view detail) {
  UpgradeAnswer answer;
  answer.refusal = Response::problem(status, detail);
  if (status == 405) answer.refusal.headers.emplace_back("Allow", "GET");
  if (status == 426) {  // RFC 9110 §15.5.22, RFC 6455 §4.2.2
    answer.refusal.headers.emplace_back("Upgrade", "websocket");
    answer.refusal.headers.emplace_back("Sec-WebSocket-Version", "13");
  }
  return answer;
}

// The subprotocol to speak; empty: none was offered. False: nothing offered fits, or the list is malformed.
bool choose(const Request& request, const UpgradeEndpoint& endpoint, std::string& chosen) {
  std::vector<std::string_view> offered;
  const std::string joined = request.header_list("sec-websocket-protocol");
  std::string_view list = joined;
  for (std::string_view element; next_element(list, element);) {
    if (!is_token(element)) return false;
    offered.push_back(element);
  }
  if (offered.empty()) return !endpoint.subprotocol_required && request.header_count("sec-websocket-protocol") == 0;
  for (const std::string& own : endpoint.subprotocols) {
    if (std::find(offered.begin(), offered.end(), own) == offered.end()) continue;
    chosen = own;
    return true;
  }
  return false;
}

}  // namespace

std::string websocket_accept(std::string_view key) {
  const std::string input = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(input.data(), input.size(), digest.data(), &size, EVP_sha1(), nullptr) != 1) return {};
  std::array<unsigned char, 4 * ((EVP_MAX_MD_SIZE + 2) / 3) + 1> text{};
  const int length = EVP_EncodeBlock(text.data(), digest.data(), static_cast<int>(size));
  return {reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(length)};
}

bool is_origin_allowed(const Request& request, const std::vector<std::string>& allowed) {
  if (request.header_count("origin") == 0) return true;
  if (request.header_count("origin") > 1) return false;
  const std::string_view origin = request.header("origin");
  if (!allowed.empty()) {
    return std::any_of(allowed.begin(), allowed.end(),
                       [&](const std::string& own) { return own == "*" || equals_ignoring_case(own, origin); });
  }
  const std::size_t scheme_end = origin.find("://");
  if (scheme_end == std::string_view::npos) return false;
  const std::string scheme = lower(origin.substr(0, scheme_end));
  const std::string_view authority = origin.substr(scheme_end + 3);
  return is_authority(authority) &&
         normalized_authority(authority, scheme) == normalized_authority(request.header("host"), scheme);
}

UpgradeAnswer answer_upgrade(const Request& request, const UpgradeEndpoint& endpoint,
                             const std::vector<std::string>& allowed_origins) {
  if (request.method != Method::get) return refuse(405, "a WebSocket is opened with GET");
  if (!request.header_has_token("upgrade", "websocket")) return refuse(426, "this address speaks WebSocket only");
  if (request.http_1_0) return refuse(400, "a WebSocket needs HTTP/1.1");
  if (!request.header_has_token("connection", "upgrade")) return refuse(400, "Connection does not name Upgrade");
  if (!request.body.empty()) return refuse(400, "a WebSocket's opening request has no body");
  if (request.header_count("sec-websocket-version") != 1 || request.header("sec-websocket-version") != "13") {
    return refuse(426, "only version 13 of WebSocket is spoken here");
  }
  const std::string_view key = request.header("sec-websocket-key");
  if (request.header_count("sec-websocket-key") != 1 || !is_key(key))
    return refuse(400, "Sec-WebSocket-Key is not 16 bytes in base64");
  if (!is_origin_allowed(request, allowed_origins)) return refuse(403, "pages of this origin may not connect here");
  UpgradeAnswer answer;
  if (!choose(request, endpoint, answer.subprotocol)) return refuse(400, "none of the offered subprotocols is spoken here");
  answer.accepted = true;
  answer.bytes = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ";
  answer.bytes += websocket_accept(key);
  if (!answer.subprotocol.empty()) answer.bytes += "\r\nSec-WebSocket-Protocol: " + answer.subprotocol;
  answer.bytes += "\r\n\r\n";
  return answer;
}

}  // namespace parley::http
