#include "storage/sqlite/retained.h"

#include "storage/sqlite/effects.h"

namespace parley::sqlite {

void retain(Connection& connection, const NewEntry& entry, const Appended& appended) {
  if (entry.body.empty()) {
    Query(connection, "DELETE FROM retained WHERE room=?", entry.room).run();
    return;
  }
  Query(connection,
        "INSERT OR REPLACE INTO retained(room, seq, ts, payload, flags, messages, user_id, user_name, cid, content_type, "
        "properties, body, expires) VALUES(?,?,?,?,0,?,?,?,?,?,?,?,?)",
        entry.room, appended.seq, appended.ts, static_cast<int>(entry.payload), appended.messages, entry.user_id, entry.user_name,
        Nullable{entry.cid}, Nullable{entry.content_type}, Nullable{entry.properties}, entry.body, NullableNumber{entry.expires})
      .run();
}

void edit_retained(Connection& connection, const NewEntry& edit) {
  Query(connection, "UPDATE retained SET payload=?, body=?, content_type=?, properties=?, flags=flags|1 WHERE room=? AND seq=?",
        static_cast<int>(edit.payload), edit.body, Nullable{edit.content_type}, Nullable{edit.properties}, edit.room, edit.target)
      .run();
}

void remove_retained(Connection& connection, RoomId room, Seq seq) {
  Query(connection, "DELETE FROM retained WHERE room=? AND seq=?", room, seq).run();
}

EntryPtr find_retained(Connection& connection, RoomId room, UnixMs now) {
  Query query(connection,
              "SELECT seq, ts, payload, flags, messages, user_id, user_name, cid, content_type, properties, body, expires "
              "FROM retained WHERE room=? AND (expires IS NULL OR expires>?)",
              room, now);
  if (!query.row()) return nullptr;
  auto entry = std::make_shared<Entry>();
  entry->room = room;
  entry->seq = query.natural(0);
  entry->ts = query.integer(1);
  entry->payload = static_cast<Payload>(query.integer(2));
  entry->edited = (query.integer(3) & flag_edited) != 0;
  entry->messages = query.natural(4);
  entry->user_id = query.text(5);
  entry->user_name = query.text(6);
  entry->cid = query.text(7);
  entry->content_type = query.text(8);
  entry->properties = query.text(9);
  entry->body = query.text(10);
  entry->expires = query.integer(11);
  return entry;
}

}  // namespace parley::sqlite
