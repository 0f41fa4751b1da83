#include "broker/protocol/native_event.h"

#include "broker/base/base64.h"
#include "broker/protocol/json.h"

namespace parley::native {

namespace {

void write_re(json::Writer& writer, Id id) {
  if (id) writer.member("re", *id);
}

void write_error_members(json::Writer& writer, const Error& error) {
  writer.member("code", to_string(error.code)).member("message", error.message);
}

void write_body(json::Writer& writer, const Entry& entry) {
  writer.key("body");
  if (entry.deleted || (entry.body.empty() && entry.payload == Payload::json_object)) {
    writer.raw("{}");
    return;
  }
  switch (entry.payload) {
    case Payload::json_object:
      writer.raw(entry.body);
      break;
    case Payload::text:
      writer.begin_object().member("text", entry.body).end_object();
      break;
    case Payload::bytes:
      writer.begin_object().member("base64", base64_encode(entry.body)).end_object();
      break;
  }
}

}  // namespace

void write_entry_members(json::Writer& writer, const Entry& entry, std::string_view room) {
  writer.member("room", room).member("seq", entry.seq).member("type", to_string(entry.type));
  writer.member("from", entry.user_name).member("uid", entry.user_id);
  if (!entry.cid.empty()) writer.member("cid", entry.cid);
  if (entry.target != 0) writer.member("target", entry.target);
  writer.member("ts", entry.ts).member("n", entry.messages);
  if (entry.edited) writer.member("edited", true);
  if (entry.deleted) writer.member("deleted", true);
  if (!entry.content_type.empty()) writer.member("content_type", entry.content_type);
  write_body(writer, entry);
}

void append_entry(std::string& out, const Entry& entry, std::string_view room) {
  json::Writer writer(out);
  writer.begin_object();
  write_entry_members(writer, entry, room);
  writer.end_object();
}

void write_limits(json::Writer& writer, const Limits& limits) {
  writer.begin_object().member("frame_bytes", limits.frame_bytes).member("body_bytes", limits.body_bytes);
  writer.member("window", limits.window).member("window_bytes", limits.window_bytes);
  writer.member("subscriptions", limits.subscriptions).member("inflight", limits.inflight).end_object();
}

void append_connected(std::string& out, Id id, const Connected& connected) {
  json::Writer writer(out);
  writer.begin_object();
  write_re(writer, id);
  writer.key("user").begin_object().member("id", connected.subject->user_id).member("name", connected.subject->name);
  writer.member("guest", connected.subject->guest).end_object();
  writer.member("session", connected.session).member("server", "parley/" PARLEY_VERSION);
  writer.member("heartbeat", connected.heartbeat_s).member("expires_in", connected.expires_in_s);
  if (!connected.token.empty()) writer.member("token", connected.token);
  writer.key("limits");
  write_limits(writer, connected.limits);
  writer.end_object();
}

void append_subscribed(std::string& out, Id id, const Subscribed& subscribed) {
  json::Writer writer(out);
  writer.begin_object();
  write_re(writer, id);
  writer.member("room", subscribed.room).member("head", subscribed.head).member("floor", subscribed.floor);
  writer.member("epoch", subscribed.epoch).member("recovered", subscribed.recovered);
  writer.member("role", to_string(subscribed.role)).end_object();
}

void append_published(std::string& out, Id id, Seq seq, UnixMs ts, bool duplicate) {
  json::Writer writer(out);
  writer.begin_object();
  write_re(writer, id);
  writer.member("seq", seq).member("ts", ts);
  if (duplicate) writer.member("duplicate", true);
  writer.end_object();
}

void append_read(std::string& out, Id id, Seq seq) {
  json::Writer writer(out);
  writer.begin_object();
  write_re(writer, id);
  writer.member("seq", seq).end_object();
}

void append_done(std::string& out, Id id) {
  json::Writer writer(out);
  writer.begin_object();
  write_re(writer, id);
  writer.end_object();
}

void append_error(std::string& out, Id id, const Error& error) {
  json::Writer writer(out);
  writer.begin_object();
  write_re(writer, id);
  writer.key("error").begin_object();
  write_error_members(writer, error);
  writer.member("retry", is_retryable(error.code)).end_object().end_object();
}

void append_presence(std::string& out, Id id, std::string_view room, std::uint64_t count, const std::vector<Person>& users,
                     bool partial) {
  json::Writer writer(out);
  writer.begin_object();
  write_re(writer, id);
  writer.member("room", room).member("count", count);
  if (partial) writer.member("partial", true);
  writer.key("users").begin_array();
  for (const Person& user : users) writer.begin_object().member("id", user.id).member("name", user.name).end_object();
  writer.end_array().end_object();
}

void append_signal(std::string& out, std::string_view room, std::string_view type, std::string_view user_id,
                   std::string_view user_name, std::string_view body) {
  json::Writer writer(out);
  writer.begin_object().member("room", room).member("signal", type);
  if (!user_id.empty()) writer.member("from", user_name).member("uid", user_id);
  writer.key("body").raw(body).end_object();
}

void append_message_signal(std::string& out, std::string_view room, const Entry& message) {
  json::Writer writer(out);
  writer.begin_object().member("room", room).member("signal", "message");
  writer.member("from", message.user_name).member("uid", message.user_id);
  if (!message.content_type.empty()) writer.member("content_type", message.content_type);
  write_body(writer, message);
  writer.end_object();
}

void append_gap(std::string& out, std::string_view room, Seq from, Seq to) {
  json::Writer writer(out);
  writer.begin_object().member("room", room).key("gap").begin_object();
  writer.member("from", from).member("to", to).end_object().end_object();
}

void append_detached(std::string& out, std::string_view room, const Error& error) {
  json::Writer writer(out);
  writer.begin_object().member("room", room).key("detached").begin_object();
  write_error_members(writer, error);
  writer.end_object().end_object();
}

void append_goaway(std::string& out, std::string_view reason, std::int64_t after_ms) {
  json::Writer writer(out);
  writer.begin_object().key("goaway").begin_object().member("reason", reason).member("after_ms", after_ms);
  writer.end_object().end_object();
}

}  // namespace parley::native
