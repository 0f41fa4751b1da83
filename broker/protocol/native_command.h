#pragma once

// The native protocol's commands, client to server (docs/protocol.md, "Commands"): text frames to values. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "broker/base/result.h"
#include "broker/protocol/entry.h"

namespace parley::native {

struct Connect {
  std::string token;  // empty: a guest
  std::string name;   // a guest's wish
  std::string client;
};
struct Subscribe {
  std::string room;
  std::optional<Seq> since;
  std::string epoch;
};
struct Unsubscribe {
  std::string room;
};
struct Publish {
  std::string room;
  EntryType type = EntryType::message;
  Seq target = 0;
  std::string cid;
  std::string body;  // a JSON object's bytes, as received
};
struct Ack {
  std::string room;
  Seq seq = 0;
};
struct Signal {
  std::string room;
  std::string type;
  std::string body;
};
struct Read {
  std::string room;
  Seq seq = 0;
};
struct Presence {
  std::string room;
};
struct Ping {};

struct Command {
  std::optional<std::uint64_t> id;  // none: not to be answered
  std::variant<Connect, Subscribe, Unsubscribe, Publish, Ack, Signal, Read, Presence, Ping> op;
};

// A frame that is no command. `id` is there when it could be read, so that the refusal can be answered.
struct Malformed {
  std::optional<std::uint64_t> id;
  Error error;  // bad_request or too_large
};

inline constexpr std::size_t cid_bytes_max = 128;
inline constexpr std::size_t client_bytes_max = 128;
inline constexpr std::size_t signal_type_bytes_max = 64;
inline constexpr std::size_t reaction_key_bytes_max = 32;

// `body_bytes_max`: of a publish's or a signal's body.
std::variant<Command, Malformed> decode(std::string_view frame, std::size_t body_bytes_max);

// Checks what a body must be for an entry of that type to be published, and whether it needs a target. Used by REST too.
Status check_publish(EntryType type, Seq target, std::string_view body);

}  // namespace parley::native
