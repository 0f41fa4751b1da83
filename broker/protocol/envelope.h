#pragma once

// What one replica writes to another over the bus, as bytes. Pure.
//
// A message is: version (1 byte, 3), kind (1 byte), sender, epoch, then the kind's fields. Numbers are LEB128 varints of at most
// 64 bits, strings are a varint length and the bytes, lists a varint count and the elements. A reader refuses a version or kind
// that it does not know, so replicas of two versions may stand side by side during a deploy: what one does not understand, the
// log's storage still tells it.

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "broker/base/result.h"
#include "broker/protocol/entry.h"

namespace parley::envelope {

// Committed entries of one room, in ascending order of seq; not necessarily contiguous.
struct Entries {
  RoomId room = 0;
  std::vector<EntryPtr> entries;
};
struct Signal {
  RoomId room = 0;
  std::string type;
  std::string user_id;
  std::string user_name;
  std::string body;
  std::string only_to;
};
// Who is in the room changed at the sender.
struct PresenceChanged {
  RoomId room = 0;
};
struct LoginRevoked {
  std::string login;
};
// The sender has (again) a connection: whoever has news that must not be missed says them again.
struct Hello {};

// Who has a message in an MQTT share group: one member on that replica.
struct GroupChoice {
  std::string filter;  // the whole "$share/{group}/{filter}"
  std::string replica;
};
// A message that is not kept, for those who are there now; without a seq. Groups that are not named have had it at the sender.
struct Forward {
  RoomId room = 0;
  EntryPtr message;
  std::vector<GroupChoice> groups;
};

struct GroupMembers {
  std::string filter;
  std::uint64_t members = 0;
};
// MQTT share groups that have members at the sender.
struct Groups {
  bool whole = false;       // what was said before is forgotten
  std::uint64_t total = 0;  // groups that have members there
  std::vector<GroupMembers> groups;
};

// An MQTT client has come to the sender: whoever has it connected looks whether its session is still its own.
struct ClientMoved {
  std::string client_id;
  std::string user_id;  // empty: a guest's
};

struct Message {
  std::string sender;  // the replica's own id
  std::string epoch;   // of the sender's log
  std::variant<Entries, Signal, PresenceChanged, LoginRevoked, Hello, Forward, ClientMoved, Groups> what;
};

std::string encode(const Message& message);
// bad_request: cut off, too long, a version or kind that is not known, a number out of its range, bytes behind the end.
Result<Message> decode(std::string_view bytes);

// One replica's share of who is in a room, as it lies on the bus.
struct Here {
  UnixMs expires = 0;
  std::uint64_t count = 0;
  struct Person {
    std::string id;
    std::string name;
    friend bool operator==(const Person&, const Person&) = default;
  };
  std::vector<Person> people;  // empty when they are only counted
};
std::string encode_here(const Here& here);
Result<Here> decode_here(std::string_view bytes);

}  // namespace parley::envelope
