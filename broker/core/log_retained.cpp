// The log's retained messages (MQTT 5 §3.3.1.3).

#include "broker/core/log.h"
#include "broker/core/topic_filter.h"
#include "storage/mqtt_store.h"

namespace parley {

// Where the store has no part for MQTT they are kept in memory.
void Log::keep_retained(const LogRoom& room, const NewEntry& from, const EntryPtr& entry) {
  if (store_.mqtt() != nullptr) return;
  if (entry->type == EntryType::edit || entry->type == EntryType::remove) {
    const auto kept = retained_.find(room.info.name);
    if (kept == retained_.end() || kept->second->seq != entry->target) return;
    if (entry->type == EntryType::remove) {
      retained_.erase(kept);
    } else {
      kept->second = changed_by(*kept->second, *entry);
    }
  }
  if (!from.retain) return;
  if (entry->body.empty()) {
    retained_.erase(room.info.name);
  } else {
    retained_[room.info.name] = entry;
  }
}

namespace {

// One page under way: the rooms are asked one after the other whether they may be read.
struct RetainedRead {
  SubjectPtr subject;
  std::size_t missing = 1;
  RetainedPage page;
  std::vector<RetainedMessage> kept;  // without an entry: may not be read
  Reply<RetainedPage> done;
  void arrived() {
    if (--missing != 0) return;
    for (RetainedMessage& message : kept) {
      if (message.entry) page.messages.push_back(std::move(message));
    }
    done(std::move(page));
  }
};

}  // namespace

void Log::stored_retained(std::string filter, std::string after, unsigned limit, Reply<RetainedPage> done) {
  RoomsStep step;
  step.after = std::move(after);
  step.rooms_max = limit;
  step.retained = true;
  step.now = clock_.unix_ms();
  store_.mqtt()->match_rooms(filter, step, [this, filter, done = std::move(done)](Result<RoomsPage> found) mutable {
    if (!found) return done(found.error());
    RetainedPage page;
    page.filter = filter;
    page.last = found->next;
    page.more = !found->done;
    for (MatchedRoom& room : found->rooms) {
      if (!room.retained) continue;
      // One whose commit is not told to the workers yet comes live.
      const LogRoomPtr loaded = rooms_.find(room.room);
      if (loaded && room.retained->seq > loaded->info.head) continue;
      page.messages.push_back({std::move(room.name), std::move(room.retained)});
    }
    done(std::move(page));
  });
}

void Log::retained(SubjectPtr subject, std::string filter, std::string after, unsigned limit, Reply<RetainedPage> done) {
  if (store_.mqtt() != nullptr) {
    return stored_retained(std::move(filter), std::move(after), limit,
                           [this, subject = std::move(subject), done = std::move(done)](Result<RetainedPage> page) mutable {
                             if (!page) return done(page.error());
                             keep_readable(std::move(subject), std::move(page).value(), std::move(done));
                           });
  }
  RetainedPage page;
  page.filter = filter;
  for (auto it = retained_.upper_bound(after); it != retained_.end(); ++it) {
    if (!topic_matches(filter, it->first)) continue;
    if (page.messages.size() == limit) {
      page.more = true;
      break;
    }
    page.last = it->first;
    page.messages.push_back({it->first, it->second});
  }
  keep_readable(std::move(subject), std::move(page), std::move(done));
}

void Log::keep_readable(SubjectPtr subject, RetainedPage page, Reply<RetainedPage> done) {
  auto read = std::make_shared<RetainedRead>();
  std::vector<RetainedMessage> found = std::move(page.messages);
  page.messages.clear();
  read->subject = std::move(subject);
  read->page = std::move(page);
  read->kept.resize(found.size());
  read->done = std::move(done);
  for (std::size_t i = 0; i < found.size(); ++i) {
    ++read->missing;
    const std::string name = found[i].room_name;
    find_readable(read->subject, name, [read, i, message = std::move(found[i])](const Result<Attached>& readable) mutable {
      if (readable) read->kept[i] = std::move(message);
      read->arrived();
    });
  }
  read->arrived();
}

}  // namespace parley
