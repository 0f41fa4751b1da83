#pragma once

// Rooms, members and subjects: the nouns that storage, core and REST share.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "broker/base/shared_text.h"
#include "broker/protocol/entry.h"

namespace parley {

// The numbers of these enumerations are stored: never change one.
enum class Visibility : unsigned char { open = 1, closed = 2 };  // "public" and "private" on the wire
enum class Keep : unsigned char { all = 1, acked = 2 };
enum class Role : unsigned char { banned = 1, guest = 2, member = 3, moderator = 4, owner = 5 };  // guest: not a member

std::string_view to_string(Visibility visibility);
std::string_view to_string(Keep keep);
std::string_view to_string(Role role);
bool parse_visibility(std::string_view word, Visibility& visibility);
bool parse_keep(std::string_view word, Keep& keep);
bool parse_role(std::string_view word, Role& role);

struct RoomInfo {
  RoomId id = 0;
  std::string name;
  std::string title;
  Visibility visibility = Visibility::open;
  Keep keep = Keep::all;
  UnixMs created = 0;
  Seq head = 0;                // the newest entry's number, 0 when there is none yet
  Seq floor = 1;               // the oldest kept; head + 1 when all was pruned
  std::uint64_t messages = 0;  // running count of message entries
  UnixMs last_ts = 0;
  std::uint64_t members = 0;
};

// A room as one user sees it.
struct RoomView {
  RoomInfo room;
  Role role = Role::guest;
  Seq read = 0;         // the user's read mark
  unsigned unread = 0;  // message entries after the mark, not the user's own, not deleted; at most 1,000
};

struct Member {
  std::string user_id;
  std::string user_name;
  Role role = Role::member;
  UnixMs joined = 0;
};

// Who asks. Made once per login and shared by everything the login does.
struct Subject {
  std::string user_id;  // "u_…" for accounts, "g_…" for guests
  std::string name;
  bool guest = false;
  SharedText login;  // the login (refresh family) it came from, for revocation; empty for guests
};
using SubjectPtr = std::shared_ptr<const Subject>;

}  // namespace parley
