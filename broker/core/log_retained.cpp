// The log's retained messages (MQTT 5 §3.3.1.3).

#include "broker/core/log.h"
#include "broker/core/topic_filter.h"

namespace parley {

void Log::keep_retained(const LogRoom& room, const NewEntry& from, const EntryPtr& entry) {
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
  unsigned missing = 1;
  RetainedPage page;
  Reply<RetainedPage> done;
  void arrived() {
    if (--missing == 0) done(std::move(page));
  }
};

}  // namespace

void Log::retained(SubjectPtr subject, std::string filter, std::string after, unsigned limit, Reply<RetainedPage> done) {
  auto read = std::make_shared<RetainedRead>();
  read->subject = std::move(subject);
  read->page.filter = filter;
  read->done = std::move(done);
  std::vector<RetainedMessage> found;
  for (auto it = retained_.upper_bound(after); it != retained_.end(); ++it) {
    if (!topic_matches(filter, it->first)) continue;
    if (found.size() == limit) {
      read->page.more = true;
      break;
    }
    read->page.last = it->first;
    found.push_back({it->first, it->second});
  }
  read->page.messages.reserve(found.size());
  for (RetainedMessage& message : found) {
    ++read->missing;
    const std::string name = message.room_name;
    find_readable(read->subject, name, [read, message = std::move(message)](const Result<Attached>& readable) mutable {
      if (readable) read->page.messages.push_back(std::move(message));
      read->arrived();
    });
  }
  read->arrived();
}

}  // namespace parley
