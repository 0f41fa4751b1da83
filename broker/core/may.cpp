#include "broker/core/may.h"

namespace parley {

namespace {

Status refuse(const char* why) { return {Code::forbidden, why}; }

bool inside(RoomRights rights) { return rights.role >= Role::member || rights.visibility == Visibility::open; }

}  // namespace

Status may(const Subject& subject, Action action, RoomRights rights) {
  if (action == Action::create_public_room) return ok_status();
  if (action == Action::create_private_room) {
    return subject.guest ? refuse("guests cannot create private rooms: sign up first") : ok_status();
  }
  if (rights.role == Role::banned) return refuse("you are banned from this room");
  if (!inside(rights)) return refuse("this room is private: ask one of its members to invite you");

  switch (action) {
    case Action::see:
    case Action::read:
    case Action::publish:
    case Action::signal:
    case Action::edit:
    case Action::remove_own:
      return ok_status();
    case Action::join:
      return subject.guest ? refuse("guests cannot become members: sign up first") : ok_status();
    case Action::leave:
      return rights.role >= Role::member ? ok_status() : refuse("you are not a member of this room");
    case Action::invite:
      return rights.role >= Role::member ? ok_status() : refuse("only members invite others");
    case Action::remove_any:
    case Action::pin:
    case Action::moderate:
      return rights.role >= Role::moderator ? ok_status() : refuse("only moderators and the owner may do this");
    case Action::promote:
    case Action::configure:
      return rights.role == Role::owner ? ok_status() : refuse("only the owner may do this");
    default:
      return refuse("this is not allowed");
  }
}

}  // namespace parley
