#pragma once

// The native protocol's events and replies, server to client (docs/protocol.md): values to text. Pure; each appends one JSON
// object.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/base/result.h"
#include "broker/protocol/entry.h"
#include "broker/protocol/room.h"

namespace parley::json {
class Writer;
}

namespace parley::native {

using Id = std::optional<std::uint64_t>;

// Members of an entry's object; the caller opens and closes it (REST adds reactions).
void write_entry_members(json::Writer& writer, const Entry& entry, std::string_view room);
void append_entry(std::string& out, const Entry& entry, std::string_view room);

struct Limits {
  std::size_t frame_bytes = 65536;
  std::size_t body_bytes = 65536;
  unsigned window = 1024;
  std::size_t window_bytes = 1U << 20U;
  unsigned subscriptions = 1000;
  unsigned inflight = 256;
};
void write_limits(json::Writer& writer, const Limits& limits);

struct Connected {
  const Subject* subject = nullptr;
  std::string_view session;
  std::string_view token;  // a new guest's
  unsigned heartbeat_s = 0;
  std::int64_t expires_in_s = 0;
  Limits limits;
};
void append_connected(std::string& out, Id id, const Connected& connected);

struct Subscribed {
  std::string_view room;
  Seq head = 0;
  Seq floor = 1;
  std::string_view epoch;
  bool recovered = true;
  Role role = Role::guest;
};
void append_subscribed(std::string& out, Id id, const Subscribed& subscribed);

void append_published(std::string& out, Id id, Seq seq, UnixMs ts, bool duplicate);
void append_read(std::string& out, Id id, Seq seq);
void append_done(std::string& out, Id id);
void append_error(std::string& out, Id id, const Error& error);

struct Person {
  std::string_view id;
  std::string_view name;
};
// `partial`: of one replica only.
void append_presence(std::string& out, Id id, std::string_view room, std::uint64_t count, const std::vector<Person>& users,
                     bool partial = false);

void append_signal(std::string& out, std::string_view room, std::string_view type, std::string_view user_id,
                   std::string_view user_name, std::string_view body);
// A message that is not kept: a signal of type "message" with the body that the entry would have.
void append_message_signal(std::string& out, std::string_view room, const Entry& message);
void append_gap(std::string& out, std::string_view room, Seq from, Seq to);
void append_detached(std::string& out, std::string_view room, const Error& error);
void append_goaway(std::string& out, std::string_view reason, std::int64_t after_ms);

}  // namespace parley::native
