#include "broker/core/shared_presence.h"

namespace parley {

Presence SharedPresence::view(const LogRoom& room) const {
  const bool partial = peers_.bus() != nullptr && !peers_.connected();
  return {room.presence.count(), room.presence.people(settings_.names), partial};
}

void SharedPresence::ask(const LogRoomPtr& room, Reply<Presence> done) {
  room->watched = true;
  look(room, [this, room, done = std::move(done)]() mutable { done(view(*room)); });
}

void SharedPresence::changed_elsewhere(const LogRoomPtr& room) { room->presence.elsewhere_changed = true; }

// `done` is called in any case, now when there is nobody to ask.
void SharedPresence::look(const LogRoomPtr& room, UniqueFunction<void()> done) {
  if (!peers_.connected()) {
    room->presence.set_elsewhere({}, 0);
    return done();
  }
  room->presence.elsewhere_changed = false;
  peers_.bus()->list(key_of(room->info.id),
                     [this, room, done = std::move(done)](const Result<std::vector<cluster::Bus::Item>>& items) mutable {
                       looked(*room, items);
                       done();
                     });
}

void SharedPresence::looked(LogRoom& room, const Result<std::vector<cluster::Bus::Item>>& items) {
  if (!items) return room.presence.set_elsewhere({}, 0);
  std::map<std::string, std::string> people;
  std::uint64_t counted = 0;
  room.presence.looked_ms = clock_.mono_ms();
  for (const cluster::Bus::Item& item : items.value()) {
    if (item.field == peers_.replica()) continue;
    const Result<envelope::Here> here = envelope::decode_here(item.value);
    if (!here || here->expires < clock_.unix_ms()) {
      // A replica that died: its share lies there for as long as others refresh the key.
      peers_.bus()->remove(key_of(room.info.id), item.field);
      continue;
    }
    for (const envelope::Here::Person& person : here->people) people[person.id] = person.name;
    if (here->people.size() < here->count) counted += here->count;
  }
  room.presence.set_elsewhere(people, counted);
}

void SharedPresence::tick(const LogRoomPtr& room) {
  RoomPresence& presence = room->presence;
  if (peers_.connected()) {
    const MonoMs refresh_ms = settings_.ttl_ms / 3;
    const bool fresh = clock_.mono_ms() - presence.put_ms < refresh_ms;
    const bool nobody = presence.own_count() == 0 && !presence.on_bus;
    if (presence.own_changed || (!fresh && !nobody)) put_share(*room);
    const bool stale = clock_.mono_ms() - presence.looked_ms >= refresh_ms;
    if (room->watched && (presence.elsewhere_changed || stale)) {
      look(room, [] {});  // the next tick tells what it brings
    }
  } else if (room->watched && peers_.bus() != nullptr) {
    presence.set_elsewhere({}, 0);
  }
  if (!room->watched) return presence.forget_news();
  std::string body = presence.take_news(settings_.names, view(*room).partial);
  if (!body.empty()) news_(room, std::move(body));
}

void SharedPresence::put_share(LogRoom& room) {
  RoomPresence& presence = room.presence;
  const bool changed = std::exchange(presence.own_changed, false);
  presence.put_ms = clock_.mono_ms();
  presence.on_bus = presence.own_count() > 0;
  if (presence.on_bus) {
    envelope::Here here;
    here.expires = clock_.unix_ms() + settings_.ttl_ms;
    here.count = presence.own_count();
    here.people = presence.own_people(settings_.names);
    peers_.bus()->put(key_of(room.info.id), peers_.replica(), envelope::encode_here(here), settings_.ttl_ms);
  } else {
    peers_.bus()->remove(key_of(room.info.id), peers_.replica());
  }
  if (changed) peers_.send_presence_changed(room.info.id);
}

}  // namespace parley
