#pragma once

// The one decision about rights. Every transport asks here; nothing else decides.

#include "broker/base/result.h"
#include "broker/protocol/room.h"

namespace parley {

enum class Action : unsigned char {
  create_public_room,
  create_private_room,
  see,      // the room's settings, its members, who is here
  read,     // history, live delivery
  publish,  // messages and reactions
  signal,
  edit,  // one's own message (storage checks the author)
  remove_own,
  remove_any,
  pin,
  join,
  leave,
  invite,     // make somebody a member
  moderate,   // kick, ban, lift a ban, of those below oneself
  promote,    // make and unmake moderators and owners
  configure,  // title, visibility, keep
};

// What the decision depends on besides the subject and the action. For the create actions both are ignored.
struct RoomRights {
  Visibility visibility = Visibility::open;
  Role role = Role::guest;
};

// ok, or forbidden with a sentence for people.
Status may(const Subject& subject, Action action, RoomRights rights);

}  // namespace parley
