#pragma once

// A server's frames, read where they lie (RFC 6455 §5.2: unmasked), and a client's, written with a mask of zeros, which the
// standard allows and which leaves the payload as it is. Pure.

#include <cstdint>
#include <string>
#include <string_view>

#include "broker/protocol/websocket.h"

namespace parley::loadtest {

struct ServerFrame {
  enum class State : std::uint8_t { need_more, ok, wrong } state = State::need_more;
  websocket::Opcode opcode = websocket::Opcode::continuation;
  bool final = false;
  std::size_t bytes = 0;  // header and payload
  std::string_view payload;
};

// The frame at the beginning of some bytes. Wrong: masked, reserved bits, an opcode that does not exist, or absurdly long.
ServerFrame read_server_frame(std::string_view bytes);

void append_client_frame(std::string& out, websocket::Opcode opcode, std::string_view payload);

// The upgrade's request. The key is always the one of RFC 6455 §1.3: it guards caches, which a load test does not pass.
std::string upgrade_request(std::string_view authority, std::string_view path, std::string_view subprotocol);
// Empty when the head of the answer (without the blank line) accepts that request, else why not.
std::string check_upgrade_answer(std::string_view head);

}  // namespace parley::loadtest
