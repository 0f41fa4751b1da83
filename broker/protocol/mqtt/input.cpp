#include "broker/protocol/mqtt/input.h"

#include "broker/base/utf8.h"

namespace parley::mqtt {

namespace {

std::uint32_t octet(std::string_view bytes, std::size_t at) { return static_cast<unsigned char>(bytes[at]); }

}  // namespace

Variable read_variable(std::string_view bytes) {
  Variable read;
  for (unsigned i = 0; i < 4; ++i) {
    if (i == bytes.size()) return read;
    const std::uint32_t byte = octet(bytes, i);
    read.value |= (byte & 0x7fU) << (7 * i);
    if ((byte & 0x80U) == 0) {
      read.state = Variable::State::ok;
      read.bytes = static_cast<std::uint8_t>(i + 1);
      read.minimal = i == 0 || byte != 0;
      return read;
    }
  }
  read.state = Variable::State::too_long;
  return read;
}

std::string_view Input::take(std::size_t size) {
  if (size > bytes_.size()) {
    malformed("the packet ends within a field");
    return {};
  }
  const std::string_view taken = bytes_.substr(0, size);
  bytes_.remove_prefix(size);
  return taken;
}

std::uint8_t Input::byte() {
  const std::string_view b = take(1);
  return b.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(octet(b, 0));
}

std::uint16_t Input::two() {
  const std::string_view b = take(2);
  return b.empty() ? std::uint16_t{0} : static_cast<std::uint16_t>(octet(b, 0) << 8U | octet(b, 1));
}

std::uint32_t Input::four() {
  const std::string_view b = take(4);
  return b.empty() ? 0 : octet(b, 0) << 24U | octet(b, 1) << 16U | octet(b, 2) << 8U | octet(b, 3);
}

std::uint32_t Input::variable() {
  const Variable read = read_variable(bytes_);
  if (read.state == Variable::State::need_more) {
    malformed("the packet ends within a number");
  } else if (read.state == Variable::State::too_long || !read.minimal) {
    malformed("a variable byte integer has more bytes than it needs");
  } else {
    bytes_.remove_prefix(read.bytes);
    return read.value;
  }
  return 0;
}

std::string_view Input::text() {
  const std::string_view taken = binary();
  if (!is_utf8(taken)) {
    malformed("a string is not valid UTF-8");
  } else if (taken.find('\0') != std::string_view::npos) {
    malformed("a string contains U+0000");
  } else {
    return taken;
  }
  return {};
}

std::string_view Input::binary() { return take(two()); }

std::string_view Input::rest() { return take(bytes_.size()); }

Input Input::part(std::uint32_t size) { return Input(take(size)); }

std::uint16_t Input::packet_id() {
  const std::uint16_t id = two();
  if (ok() && id == 0) fail(Reason::protocol_error, "a packet identifier is zero");
  return id;
}

void Input::fail(Reason reason, std::string_view text) {
  if (ok()) failure_ = {reason, text};
  bytes_ = {};
}

void Input::expect_end() {
  if (!bytes_.empty()) malformed("there are bytes behind the last field");
}

}  // namespace parley::mqtt
