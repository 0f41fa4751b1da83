#include "loadtest/websocket_scan.h"

#include <algorithm>

namespace parley::loadtest {

using websocket::Opcode;

namespace {
constexpr std::uint64_t payload_max = std::uint64_t{1} << 30U;
constexpr std::string_view key = "dGhlIHNhbXBsZSBub25jZQ==";
constexpr std::string_view accept_of_key = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

unsigned byte_at(std::string_view bytes, std::size_t at) { return static_cast<unsigned char>(bytes[at]); }

bool exists(unsigned opcode) { return opcode <= 2 || (opcode >= 8 && opcode <= 10); }
}  // namespace

ServerFrame read_server_frame(std::string_view bytes) {
  ServerFrame frame;
  if (bytes.size() < 2) return frame;
  const unsigned first = byte_at(bytes, 0);
  const unsigned second = byte_at(bytes, 1);
  if ((first & 0x70U) != 0 || (second & 0x80U) != 0 || !exists(first & 15U)) {
    frame.state = ServerFrame::State::wrong;
    return frame;
  }
  std::uint64_t length = second;
  std::size_t header = 2;
  if (length > 125) {
    header = length == 126 ? 4 : 10;
    if (bytes.size() < header) return frame;
    length = 0;
    for (std::size_t i = 2; i < header; ++i) length = length << 8U | byte_at(bytes, i);
  }
  if (length > payload_max) {
    frame.state = ServerFrame::State::wrong;
    return frame;
  }
  if (bytes.size() - header < length) return frame;
  frame.state = ServerFrame::State::ok;
  frame.opcode = static_cast<Opcode>(first & 15U);
  frame.final = (first & 0x80U) != 0;
  frame.payload = bytes.substr(header, length);
  frame.bytes = header + length;
  return frame;
}

void append_client_frame(std::string& out, Opcode opcode, std::string_view payload) {
  out.push_back(static_cast<char>(0x80U | static_cast<unsigned>(opcode)));
  const std::size_t size = payload.size();
  if (size <= 125) {
    out.push_back(static_cast<char>(0x80U | size));
  } else {
    const unsigned width = size <= 0xffff ? 2 : 8;
    out.push_back(static_cast<char>(0x80U | (width == 2 ? 126U : 127U)));
    for (unsigned i = width; i-- > 0;) out.push_back(static_cast<char>(size >> (8 * i) & 0xffU));
  }
  out.append(4, '\0');
  out.append(payload);
}

std::string upgrade_request(std::string_view authority, std::string_view path, std::string_view subprotocol) {
  std::string text = "GET ";
  text.append(path).append(" HTTP/1.1\r\nHost: ").append(authority);
  text.append("\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ").append(key);
  if (!subprotocol.empty()) text.append("\r\nSec-WebSocket-Protocol: ").append(subprotocol);
  return text + "\r\n\r\n";
}

std::string check_upgrade_answer(std::string_view head) {
  const std::string_view status = head.substr(0, head.find("\r\n"));
  if (!status.starts_with("HTTP/1.1 101")) return "the upgrade was answered '" + std::string(status) + "'";
  std::string lower(head);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  constexpr std::string_view name = "\r\nsec-websocket-accept:";
  const std::size_t at = lower.find(name);
  if (at == std::string::npos) return "the upgrade's answer has no Sec-WebSocket-Accept";
  std::string_view value = head.substr(at + name.size());
  value = value.substr(0, value.find("\r\n"));
  value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
  value = value.substr(0, value.find_last_not_of(" \t") + 1);
  return value == accept_of_key ? std::string() : "the upgrade's answer accepts another key";
}

}  // namespace parley::loadtest
