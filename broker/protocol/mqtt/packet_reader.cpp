#include "broker/protocol/mqtt/packet_reader.h"

#include <algorithm>

#include "broker/protocol/mqtt/input.h"

namespace parley::mqtt {

// Before the version is known there is no form in which to answer.
Violation PacketReader::violation(Reason reason, std::string_view text) const {
  const bool v5 = connected_ && connection_.version == Version::v5;
  return {reason, text, v5 ? Carrier::disconnect : Carrier::none, connection_.version};
}

std::optional<Violation> PacketReader::read_header(std::string_view bytes, Header& header) const {
  const auto first = static_cast<std::uint8_t>(bytes.front());
  const bool is_connect = first >> 4U == static_cast<unsigned>(PacketType::connect);
  const bool from_client = connection_.sender == Sender::client;
  if (from_client && !connected_ && !is_connect) return violation(Reason::protocol_error, "the first packet is not CONNECT");
  if (from_client && connected_ && is_connect) return violation(Reason::protocol_error, "there is a second CONNECT");
  if (std::optional<Violation> found = check_first_byte(first, connection_)) return found;

  const Variable remaining = read_variable(bytes.substr(1));
  if (remaining.state == Variable::State::too_long)
    return violation(Reason::malformed_packet, "the remaining length has more than 4 bytes");
  if (remaining.state == Variable::State::need_more) return std::nullopt;
  header.bytes = 1U + remaining.bytes;
  header.whole = header.bytes + remaining.value;
  header.minimal = remaining.minimal;
  if (connected_ && connection_.version == Version::v5 && !remaining.minimal) {
    return violation(Reason::malformed_packet, "the remaining length has more bytes than it needs");
  }
  if (header.whole > (is_connect ? limits_->connect_bytes_max : limits_->packet_bytes_max)) {
    return violation(Reason::packet_too_large, "the packet is larger than is allowed");
  }
  return std::nullopt;
}

// Moves bytes to the packet that is pending, at most its own. True when it is whole.
bool PacketReader::gather(std::string_view& input, Header& header, std::optional<Violation>& violation) {
  while (!input.empty() || !pending_->empty()) {
    if (!pending_->empty()) {
      violation = read_header(*pending_, header);
      if (violation) return false;
      if (header.whole != 0) break;
    }
    if (input.empty()) return false;
    pending_->push_back(input.front());
    input.remove_prefix(1);
  }
  const std::string_view piece = input.substr(0, header.whole - pending_->size());
  pending_->append(piece);
  input.remove_prefix(piece.size());
  return pending_->size() == header.whole;
}

std::optional<Violation> PacketReader::read_packet(std::string_view whole, const Header& header, Packet& packet) {
  const auto first = static_cast<std::uint8_t>(whole.front());
  if (std::optional<Violation> found = decode(first, whole.substr(header.bytes), connection_, *limits_, packet)) return found;
  const auto* connect = std::get_if<Connect>(&packet);
  if (connect == nullptr) return std::nullopt;
  connection_.version = connect->version;
  connected_ = true;
  if (connect->version == Version::v311 || header.minimal) return std::nullopt;
  return Violation{Reason::malformed_packet, "the remaining length has more bytes than it needs", Carrier::connack, Version::v5};
}

PacketReader::Step PacketReader::next(std::string_view& input, Packet& packet, Violation& violation) {
  if (delivered_) {
    pending_.reset();
    delivered_ = false;
  }
  Header header;
  std::optional<Violation> found;
  std::string_view whole;
  if (failed_) {
    input = {};
  } else if (pending_ != nullptr) {
    delivered_ = gather(input, header, found);
    if (delivered_) whole = *pending_;
  } else if (!input.empty()) {
    found = read_header(input, header);
    if (!found && header.whole != 0 && header.whole <= input.size()) {
      whole = input.substr(0, header.whole);
      input.remove_prefix(header.whole);
    } else if (!found) {
      pending_ = std::make_unique<std::string>(input);
      input = {};
    }
  }
  if (!whole.empty()) found = read_packet(whole, header, packet);
  if (!found) return whole.empty() ? Step::need_more : Step::packet;
  failed_ = true;
  input = {};
  violation = *found;
  return Step::violation;
}

}  // namespace parley::mqtt
