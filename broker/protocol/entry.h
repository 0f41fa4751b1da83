#pragma once

// One element of a room's log, as it travels between storage, the log loop, workers and replicas.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "broker/base/time.h"

namespace parley {

using RoomId = std::int64_t;  // given by storage, never reused; 0 is none
using Seq = std::uint64_t;    // 1, 2, 3 … without a hole; 0 is "before the first"

// The numbers are stored: never change one.
enum class EntryType : unsigned char {
  message = 1,
  edit = 2,
  remove = 3,  // "delete" on the wire
  reaction = 4,
  join = 5,
  leave = 6,
  room = 7,
  member = 8,
  pin = 9,
};
std::string_view to_string(EntryType type);
// False when the word names no type.
bool parse_entry_type(std::string_view word, EntryType& type);

// What the bytes of a body are, found out once when it was published. The numbers are stored.
enum class Payload : unsigned char {
  json_object = 1,
  text = 2,  // valid UTF-8 without U+0000 that is no JSON object
  bytes = 3,
};

struct Entry {
  RoomId room = 0;
  Seq seq = 0;
  UnixMs ts = 0;
  EntryType type = EntryType::message;
  Payload payload = Payload::json_object;
  bool edited = false;         // the body is no longer the first one
  bool deleted = false;        // the body is gone
  Seq target = 0;              // for edit, remove, reaction, pin
  std::uint64_t messages = 0;  // the room's running count of messages, this entry included
  UnixMs expires = 0;          // from then on it is not delivered to MQTT subscribers (MQTT 5 §3.3.2.3.3); 0: never
  std::string user_id;
  std::string user_name;
  std::string cid;           // empty: none
  std::string body;          // the bytes as received
  std::string content_type;  // empty: none
  std::string properties;    // MQTT 5 properties that travel along, encoded; empty: none

  // Memory that the entry holds, roughly; for limits on tails and pages.
  std::size_t footprint() const {
    return sizeof(Entry) + user_id.size() + user_name.size() + cid.size() + body.size() + content_type.size() + properties.size();
  }
};

// Entries cross threads, so they are immutable and counted.
using EntryPtr = std::shared_ptr<const Entry>;

}  // namespace parley
