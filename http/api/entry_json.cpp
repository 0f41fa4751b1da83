#include "http/api/entry_json.h"

#include "broker/protocol/json.h"
#include "broker/protocol/native_event.h"

namespace parley::api {

namespace {

void write_reaction(json::Writer& writer, const Reaction& reaction) {
  writer.begin_object().member("key", reaction.key).member("count", reaction.count).member("mine", reaction.mine);
  writer.key("names").begin_array();
  for (const std::string& name : reaction.names) writer.value(name);
  writer.end_array().end_object();
}

void write_item(json::Writer& writer, const HistoryItem& item, std::string_view room) {
  writer.begin_object();
  native::write_entry_members(writer, *item.entry, room);
  if (!item.reactions.empty()) {
    writer.key("reactions").begin_array();
    for (const Reaction& reaction : item.reactions) write_reaction(writer, reaction);
    writer.end_array();
  }
  writer.end_object();
}

}  // namespace

std::string page_json(const HistoryPage& page, std::string_view room, std::string_view epoch) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("entries").begin_array();
  for (const HistoryItem& item : page.items) write_item(writer, item, room);
  // The page is one consistent read, so the head is what was folded in.
  writer.end_array().member("as_of", page.as_of).member("head", page.as_of).member("floor", page.floor);
  writer.member("epoch", epoch).member("more", page.more).end_object();
  return out;
}

std::string appended_json(const Appended& appended) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().member("seq", appended.seq).member("ts", appended.ts);
  if (appended.duplicate) writer.member("duplicate", true);
  writer.end_object();
  return out;
}

}  // namespace parley::api
